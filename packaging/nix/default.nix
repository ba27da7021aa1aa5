# SPDX-License-Identifier: MIT
# pkgs.callPackage ./default.nix { }
{
  lib,
  stdenv,
  fetchurl,
  pkg-config,
  jansson,
  check,
  groff,
  mandoc,
  python3,
  strace,
}:

stdenv.mkDerivation rec {
  pname = "libmmapx";
  version = "@VERSION@";

  src = fetchurl {
    url = "https://libmmapx.example/releases/${pname}-${version}.tar.xz";
    sha256 = "@SHA256@";
  };

  outputs = [ "out" "dev" "man" ];

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [ jansson ];
  nativeCheckInputs = [ groff mandoc python3 ] ++ lib.optional stdenv.isLinux strace;
  checkInputs = [ check ];

  doCheck = true;
  enableParallelBuilding = true;

  meta = {
    description = "Memory-mapped files and devices";
    homepage = "https://libmmapx.example/";
    license = lib.licenses.mit;
    mainProgram = "mmapx";
    platforms = lib.platforms.unix;
  };
}
