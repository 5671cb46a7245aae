Set-Location $PSScriptRoot
dotnet run tools/cluster.cs -- @args
exit $LASTEXITCODE
