using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Kvs.Client.Output;

/// <summary>
/// Renders results into a buffer and hands it to stdout when it is large enough or asked for; notices go to stderr.
/// Threading: one command uses it, from one flow of control.
/// </summary>
/// <param name="output">Stdout.</param>
/// <param name="error">Stderr.</param>
/// <param name="format">Text or JSON.</param>
internal sealed class ResultWriter(Stream output, Stream error, OutputFormat format)
{
    /// <summary>Bytes at which the buffer is written: one system call for some hundred scanned entries.</summary>
    private const int FlushBytes = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _buffer = new();
    private Utf8JsonWriter? _json;

    /// <summary>The format.</summary>
    internal OutputFormat Format => format;

    /// <summary>The buffer, for commands that write a format of their own.</summary>
    internal IBufferWriter<byte> Buffer => _buffer;

    /// <summary>Renders a result; writes when enough has gathered.</summary>
    /// <param name="result">The result.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The exit code that the result calls for.</returns>
    internal async ValueTask<ExitCode> WriteAsync(ICommandResult result, CancellationToken cancellationToken)
    {
        if (format == OutputFormat.Json)
        {
            WriteJson(result);
        }
        else
        {
            result.WriteText(new TextOutput(_buffer));
        }

        if (result.Notice is { } notice)
        {
            await NoticeAsync(notice, cancellationToken);
        }

        await FlushWhenLargeAsync(cancellationToken);
        return result.ExitCode;
    }

    /// <summary>Writes a line to stderr.</summary>
    /// <param name="line">The line.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    internal async ValueTask NoticeAsync(string line, CancellationToken cancellationToken)
    {
        await error.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), cancellationToken);
        await error.FlushAsync(cancellationToken);
    }

    /// <summary>Hands the buffer to stdout if it is large.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    internal ValueTask FlushWhenLargeAsync(CancellationToken cancellationToken) =>
        _buffer.WrittenCount >= FlushBytes ? FlushAsync(cancellationToken) : ValueTask.CompletedTask;

    /// <summary>Hands everything to stdout.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    internal async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_buffer.WrittenCount > 0)
        {
            await output.WriteAsync(_buffer.WrittenMemory, cancellationToken);
            _buffer.ResetWrittenCount();
        }

        await output.FlushAsync(cancellationToken);
    }

    private void WriteJson(ICommandResult result)
    {
        // Relaxed escaping keeps text readable; the output is no part of an HTML page.
        _json ??= new Utf8JsonWriter(
            _buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        _json.Reset(_buffer);
        _json.WriteStartObject();
        result.WriteJson(_json);
        _json.WriteEndObject();
        _json.Flush();
        _buffer.Write("\n"u8);
    }
}
