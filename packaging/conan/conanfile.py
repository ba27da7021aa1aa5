# SPDX-License-Identifier: MIT
import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.files import copy, get, rm, rmdir
from conan.tools.gnu import Autotools, AutotoolsToolchain
from conan.tools.layout import basic_layout

required_conan_version = ">=2.4"


class LibmmapxConan(ConanFile):
    name = "libmmapx"
    version = "@VERSION@"
    description = "Memory-mapped files and devices"
    license = "MIT"
    homepage = "https://libmmapx.example/"
    url = "https://libmmapx.example/"
    topics = ("mmap", "page-cache", "madvise", "shared-memory")
    package_type = "library"
    languages = "C"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}
    implements = ["auto_shared_fpic"]

    def validate(self):
        if self.settings.os == "Windows":
            raise ConanInvalidConfiguration("libmmapx is for POSIX systems")

    def layout(self):
        basic_layout(self, src_folder="src")

    def source(self):
        get(self, **self.conan_data["sources"][self.version], strip_root=True)

    # The command is for a system's packages: it needs Jansson, and its manual.
    def generate(self):
        toolchain = AutotoolsToolchain(self)
        toolchain.configure_args.append("--disable-command")
        toolchain.generate()

    def build(self):
        autotools = Autotools(self)
        autotools.configure()
        autotools.make()

    # Conan makes the files that other build systems look for.
    def package(self):
        Autotools(self).install()
        copy(self, "COPYING", src=self.source_folder,
             dst=os.path.join(self.package_folder, "licenses"))
        rm(self, "*.la", os.path.join(self.package_folder, "lib"))
        rmdir(self, os.path.join(self.package_folder, "lib", "cmake"))
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))
        rmdir(self, os.path.join(self.package_folder, "share"))

    def package_info(self):
        self.cpp_info.libs = ["mmapx"]
        if self.settings.os == "Linux":
            self.cpp_info.system_libs = ["pthread"]  # glibc before 2.32
        self.cpp_info.set_property("pkg_config_name", "mmapx")
        self.cpp_info.set_property("pkg_config_aliases", ["libmmapx"])
        self.cpp_info.set_property("cmake_file_name", "mmapx")
        self.cpp_info.set_property("cmake_target_name", "mmapx::mmapx")
