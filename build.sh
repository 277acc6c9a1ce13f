#!/usr/bin/env bash
# Convenience: plain `dotnet build` and `dotnet test` need none of this.
#   ./build.sh                  restore, build and test everything in Release
#   ./build.sh paket install    run Paket, then keep the feed's address out of paket.lock (the same for update, add ...)
#   ./build.sh format           rewrite the sources in the house format
set -euo pipefail
cd "$(dirname "$0")"

feed() {
    dotnet nuget list source --format short | sed -nE 's/^E +(http.*)$/\1/p' | head -n 1
}

case "${1:-}" in
paket)
    dotnet tool restore > /dev/null
    [ -n "${NUGET_FEED:-}" ] || NUGET_FEED=$(feed)
    export NUGET_FEED
    dotnet "$@"
    sed -i.bak -E 's#^( *remote: ).*$#\1%NUGET_FEED%#' paket.lock
    rm -f paket.lock.bak
    ;;
format)
    dotnet tool restore > /dev/null
    dotnet fantomas src tests benchmarks docs eng
    for project in src/*/*.csproj tests/*/*.csproj; do
        dotnet format "$project" --no-restore
    done
    ;;
"")
    dotnet build -c Release
    dotnet test -c Release --no-build
    ;;
*)
    echo "expected nothing, 'paket ...' or 'format', got '$1'" >&2
    exit 2
    ;;
esac
