#!/usr/bin/env bash
# Checks the documentation after `dotnet build -c Release`: links, pages of methods, every script, every complete example.
# A site is built as well with `eng/check-docs.sh site`, into output/.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo "-- links, pages, examples"
dotnet fsi eng/docs.fsx "$folder"

echo "-- F# examples"
dotnet fsi "$folder/snippets.fsx"

echo "-- C# examples"
package=$(ls artifacts/packages/Optim.[0-9]*.nupkg 2> /dev/null | sort -V | tail -n 1 || true)
if [ -n "$package" ]; then
    # As a user would: a program of its own, with the packed front door and nothing else. Its packages are kept apart, so that an
    # older package of the same version cannot take the new one's place.
    version=$(basename "$package" .nupkg)
    references="<PackageReference Include=\"Optim\" Version=\"[${version#Optim.}]\" />"
    printf '<configuration><packageSources><add key="packed" value="%s" /></packageSources></configuration>\n' \
        "$PWD/artifacts/packages" > "$folder/nuget.config"
    echo "   with $package"
else
    references=
    for assembly in Facade.CSharp/bin/Release/net10.0/Optim Core.FSharp/bin/Release/net10.0/{Optim.Core,FSharp.Core,System.Numerics.Tensors}; do
        references+="<Reference Include=\"$PWD/src/$assembly.dll\" />"
    done
fi
cat > "$folder/Snippets.csproj" << END
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <Nullable>enable</Nullable>
    <ImplicitUsings>enable</ImplicitUsings>
    <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
    <InvariantGlobalization>true</InvariantGlobalization>
    <NuGetAudit>false</NuGetAudit>
    <RestorePackagesPath>$folder/packages</RestorePackagesPath>
  </PropertyGroup>
  <ItemGroup>$references</ItemGroup>
</Project>
END
dotnet build "$folder/Snippets.csproj" -c Release --nologo -v quiet
dotnet "$folder/bin/Release/net10.0/Snippets.dll"

# The site's own evaluation swallows exceptions, so each script runs by itself.
for page in $(git ls-files --cached --others --exclude-standard 'docs/*.fsx' | sort); do
    echo "-- $page"
    dotnet fsi "$page" > "$folder/page.log" 2>&1 || {
        cat "$folder/page.log"
        echo "$page failed" >&2
        exit 1
    }
done

if [ "${1:-}" = site ]; then
    echo "-- site"
    dotnet tool restore > /dev/null
    dotnet fsdocs build --eval --clean --strict --properties Configuration=Release
fi

echo "documentation checked"
