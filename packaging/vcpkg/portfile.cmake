# SPDX-License-Identifier: MIT
vcpkg_download_distfile(ARCHIVE
    URLS "https://libmmapx.example/releases/libmmapx-${VERSION}.tar.xz"
    FILENAME "libmmapx-${VERSION}.tar.xz"
    SHA512 @SHA512@
)
vcpkg_extract_source_archive(SOURCE_PATH ARCHIVE "${ARCHIVE}")

# The command is for a system's packages: it needs Jansson, and its manual.
vcpkg_make_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS --disable-command
)
vcpkg_make_install()
vcpkg_fixup_pkgconfig()
vcpkg_cmake_config_fixup(PACKAGE_NAME mmapx CONFIG_PATH lib/cmake/mmapx)

file(REMOVE_RECURSE
    "${CURRENT_PACKAGES_DIR}/debug/include"
    "${CURRENT_PACKAGES_DIR}/debug/share"
    "${CURRENT_PACKAGES_DIR}/share/doc"
    "${CURRENT_PACKAGES_DIR}/share/man"
)
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/COPYING")
