@dotnet run "%~dp0tools\dev.cs" -- %*
