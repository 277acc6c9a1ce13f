#!/usr/bin/env bash
# Packs the front door, the core and the libtorch engine, and proves them as a user meets them: a new console program in a folder of its own, outside the
# repository, that refers to the package Optim alone, compiles the C# of README.md and runs it. Needs no build before.
# With `eng/try-package.sh --no-build` the assemblies of an earlier `dotnet build -c Release` are packed.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo "-- pack"
for project in Core.FSharp Torch.FSharp Facade.CSharp; do
    dotnet pack "src/$project" -c Release -o "$folder/feed" --nologo -v quiet "$@"
done
package=$(basename "$folder"/feed/Optim.[0-9]*.nupkg .nupkg)
echo "   $package"

echo "-- a program of its own"
mkdir "$folder/Program"
# Only adds a source: what else is needed comes from wherever this machine takes packages. The packages are kept apart, so that an
# older one of the same version cannot take the new one's place.
cat > "$folder/Program/nuget.config" << END
<configuration>
  <packageSources>
    <add key="packed" value="$folder/feed" />
  </packageSources>
</configuration>
END
cat > "$folder/Program/Program.csproj" << END
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
  <ItemGroup>
    <PackageReference Include="Optim" Version="[${package#Optim.}]" />
  </ItemGroup>
</Project>
END
# The first block of C# in the README.
awk '/^```/ { if (inside) exit; inside = ($0 == "```csharp"); next } inside' README.md > "$folder/Program/Program.cs"
test -s "$folder/Program/Program.cs" || {
    echo "README.md has no block of csharp" >&2
    exit 1
}
cat "$folder/Program/Program.cs"
dotnet build "$folder/Program" -c Release --nologo -v quiet

echo "-- run"
output=$(dotnet "$folder/Program/bin/Release/net10.0/Program.dll")
echo "$output"
case $output in
    Converged:*) echo "the package works" ;;
    *)
        echo "expected a line that begins with Converged:" >&2
        exit 1
        ;;
esac
