"""Conan 2: the library, header-only."""

import os

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy
from conan.tools.layout import basic_layout

required_conan_version = ">=2.0"


class ClarifyConan(ConanFile):
    name = "clarify-cpp"
    description = "Client library for the Clarify time-series API"
    license = "BSL-1.0"
    homepage = "https://docs.clarify.io"
    topics = ("clarify", "json-rpc", "time-series", "asio", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    no_copy_source = True

    def export_sources(self):
        tree = os.path.join(self.recipe_folder, self.conan_data["sources"][self.version]["tree"])
        for pattern in ("include/*", "cmake/*", "LICENSE"):
            copy(self, pattern, tree, self.export_sources_folder)

    def layout(self):
        basic_layout(self)

    def requirements(self):
        self.requires("boost/[>=1.81.0 <2]", transitive_headers=True)
        self.requires("openssl/[>=3.0 <4]", transitive_headers=True)

    def package_id(self):
        self.info.clear()

    def validate(self):
        check_min_cppstd(self, 20)

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        for folder in ("include", "cmake"):
            copy(self, f"{folder}/*", self.source_folder, self.package_folder)

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_file_name", "clarify")
        self.cpp_info.set_property("cmake_target_name", "clarify::clarify")
        self.cpp_info.set_property("pkg_config_name", "clarify")
        # clarify::compiled, too.
        self.cpp_info.set_property(
            "cmake_build_modules", [os.path.join("cmake", "clarify-compiled.cmake")]
        )
        self.cpp_info.requires = [
            "boost::headers",
            "boost::json",
            "openssl::ssl",
            "openssl::crypto",
        ]
        if self.settings.os in ("Linux", "FreeBSD"):
            self.cpp_info.system_libs = ["pthread"]
