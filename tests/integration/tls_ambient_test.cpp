// SPDX-License-Identifier: BSL-1.0
// What the environment says of TLS changes nothing.

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <support/pki.hpp>
#include <support/temporary_file.hpp>
#include <support/tls_scene.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace tls_ambient_test {

namespace {

namespace pki = support::pki;
using clarify::Reason;
using support::TemporaryFile;
using support::TlsCaller;
using support::TlsServer;

/// Set in the process that this file starts to look at itself.
constexpr const char* child_mark = "CLARIFY_TEST_AMBIENT_CHILD";

/// Runs one test case of this program with other variables, as OpenSSL reads its configuration only
/// once. True if it passed.
bool passes(const std::string& test, const std::vector<std::pair<std::string, std::string>>& more) {
    const std::string self = std::filesystem::read_symlink("/proc/self/exe");
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::setenv(child_mark, "1", 1);
        for (const auto& [name, value] : more)
            ::setenv(name.c_str(), value.c_str(), 1);
        const std::string filter = "--test-case=" + test;
        ::execl(self.c_str(), self.c_str(), filter.c_str(), "--no-skip", nullptr);
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("ambient: trust and key log" * doctest::skip()) {
    if (std::getenv(child_mark) == nullptr) return;
    // The environment names an authority to trust, and a file for keys.
    const char* const file = std::getenv("SSL_CERT_FILE");
    REQUIRE(file != nullptr);
    const auto root = pki::Identity::self_signed();
    std::ofstream{file} << root.certificate_pem();
    {
        TlsServer server{pki::server(root.issue())};
        support::check_refused(server, TlsCaller::options({}), Reason::untrusted);
    }
    TlsServer server{pki::server(root.issue())};
    TlsCaller caller{server.port(), TlsCaller::options(root.certificate_pem())};
    CHECK(caller.call());
    CHECK(std::filesystem::file_size(std::getenv("SSLKEYLOGFILE")) == 0);
}

TEST_CASE("ambient: a configuration that asks for less" * doctest::skip()) {
    if (std::getenv(child_mark) == nullptr) return;
    // The configuration has been read: it is what a context has by default.
    boost::asio::ssl::context plain{boost::asio::ssl::context::tls_client};
    REQUIRE(SSL_CTX_get_min_proto_version(plain.native_handle()) == TLS1_VERSION);
    REQUIRE(SSL_CTX_get_security_level(plain.native_handle()) == 0);
    const auto root = pki::Identity::self_signed();
    const auto options = TlsCaller::options(root.certificate_pem());
    {
        TlsServer server{pki::server(root.issue(pki::leaf().key(pki::KeyKind::rsa_1024)))};
        support::check_refused(server, options, Reason::weak);
    }
    {
        const auto context = pki::server(root.issue());
        SSL_CTX_set_max_proto_version(context->native_handle(), TLS1_1_VERSION);
        TlsServer server{context};
        support::check_refused(server, options, Reason::protocol);
    }
    {
        const auto context = pki::server(root.issue());
        SSL_CTX_set_max_proto_version(context->native_handle(), TLS1_2_VERSION);
        SSL_CTX_set_cipher_list(context->native_handle(), "eNULL:@SECLEVEL=0");
        TlsServer server{context};
        support::check_refused(server, options, Reason::weak);
    }
    TlsServer server{pki::server(root.issue())};
    TlsCaller caller{server.port(), options};
    CHECK(caller.call());
    CHECK(server.version() == "TLSv1.3");
}

TEST_CASE("TLS: SSL_CERT_FILE, SSL_CERT_DIR and SSLKEYLOGFILE have no effect") {
    const TemporaryFile trusted{""};
    const TemporaryFile keys{""};
    CHECK(passes(
        "ambient: trust and key log",
        {{"SSL_CERT_FILE", trusted.path()},
         {"SSL_CERT_DIR", "/no/such/folder"},
         {"SSLKEYLOGFILE", keys.path()}}));
}

TEST_CASE("TLS: OpenSSL's configuration file cannot lower what is demanded") {
    const TemporaryFile configuration{
        "openssl_conf = start\n"
        "[start]\nssl_conf = ssl\n"
        "[ssl]\nsystem_default = weak\n"
        "[weak]\nMinProtocol = TLSv1\nMaxProtocol = TLSv1.3\n"
        "CipherString = ALL:eNULL:@SECLEVEL=0\n"
        "Options = UnsafeLegacyRenegotiation\n"};
    CHECK(passes(
        "ambient: a configuration that asks for less", {{"OPENSSL_CONF", configuration.path()}}));
}

}  // namespace tls_ambient_test
