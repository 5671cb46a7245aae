using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Kvs.Client.Output;

/// <summary>
/// Renders results into a buffer and hands it to stdout when it is large enough or asked for; notices go to stderr.
/// Threading: one command uses it, from one flow of control. It blocks: the streams of a process know no asynchronous
/// writing, theirs is a blocking write on another thread.
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

    /// <summary>Renders a result; hands the buffer on when enough has gathered.</summary>
    /// <param name="result">The result.</param>
    /// <returns>The exit code that the result calls for.</returns>
    internal ExitCode Write(ICommandResult result)
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
            WriteNotice(notice);
        }

        if (_buffer.WrittenCount >= FlushBytes)
        {
            Flush();
        }

        return result.ExitCode;
    }

    /// <summary>Writes a line to stderr.</summary>
    /// <param name="line">The line.</param>
    internal void WriteNotice(string line)
    {
        error.Write(Encoding.UTF8.GetBytes(line + "\n"));
        error.Flush();
    }

    /// <summary>Hands everything to stdout.</summary>
    internal void Flush()
    {
        output.Write(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
        output.Flush();
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
