// SPDX-License-Identifier: BSL-1.0
// Files of trust, revocation and identity are followed while a client lives, by both backends.

#include <clarify/auth/bearer_token.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/http/curl_backend.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <support/pki.hpp>
#include <support/temporary_directory.hpp>
#include <support/tls_scene.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tls_files_test {

namespace {

namespace pki = support::pki;
using namespace std::chrono_literals;
using clarify::EventKind;
using clarify::Reason;
using support::RawPeer;
using support::TlsServer;

void answer_once(RawPeer& peer) {
    if (const auto request = peer.read()) peer.result(*request, "1", "Connection: close\r\n");
}

pki::TlsContext server_of(const pki::Identity& identity) {
    auto context = pki::server(identity);
    static const unsigned char id[] = "tests";
    SSL_CTX_set_session_id_context(context->native_handle(), id, sizeof id);
    return context;
}

/// A client whose options name files in a folder, and whose clock stands still.
template <class Backend>
struct Scene {
    using Client = clarify::RpcClient<Backend, clarify::BearerToken, support::TextCodec>;

    /// As a careful program replaces a file: the old or the new one is there, and nothing between.
    void replace(const std::string& name, const std::string& text) {
        folder.write("next", text);
        std::filesystem::rename(folder / "next", folder / name);
    }
    std::string path(const std::string& name) const { return (folder / name).string(); }

    /// Calls `server`, a second after the call before; why it failed, or nothing.
    Reason call(const TlsServer& server) {
        if (real_time) {
            std::this_thread::sleep_for(1100ms);
        } else {
            clock->advance(1s);
        }
        return call_at_once(server);
    }
    Reason call_at_once(const TlsServer& server) {
        if (!backend) {
            if (!real_time) options.clock = clock;
            options.retry.attempts = 1;
            options.http.observer = [this](const clarify::Event& event) {
                if (event.kind == EventKind::connection_opened) resumed.push_back(event.resumed);
                if (event.kind == EventKind::file_changed) changed.emplace_back(event.file);
                if (event.kind == EventKind::file_failed) failed.push_back(event.error->reason());
            };
            backend = std::make_unique<Client>(
                context.get_executor(),
                *clarify::Url::parse("https://localhost:" + std::to_string(server.port()) + "/rpc"),
                Backend{options.http},
                clarify::BearerToken{clarify::Secret{"canary-token"}},
                options);
        }
        const auto outcome = support::run(context, backend->call("m", "{}"));
        if (outcome) return Reason::none;
        MESSAGE(outcome.error().to_string());
        return outcome.error().reason();
    }

    const support::TemporaryDirectory folder;
    clarify::ClientOptions options;
    bool real_time = false;
    std::shared_ptr<clarify::testing::ManualClock> clock =
        std::make_shared<clarify::testing::ManualClock>();
    boost::asio::io_context context;
    std::unique_ptr<Client> backend;
    std::vector<bool> resumed;
    std::vector<std::string> changed;
    std::vector<Reason> failed;
};

/// A server on one port, whose certificate can be replaced.
struct Server {
    explicit Server(const pki::Identity& identity)
        : context(server_of(identity)), tls(context, &answer_once) {}

    void show(const pki::Identity& identity) {
        SSL_CTX_use_certificate(context->native_handle(), identity.certificate());
        SSL_CTX_use_PrivateKey(context->native_handle(), identity.key());
    }

    pki::TlsContext context;
    TlsServer tls;
};

template <class Backend>
void follows_trust(bool real_time) {
    const auto before = pki::Identity::self_signed(pki::authority("before"));
    const auto after = pki::Identity::self_signed(pki::authority("after"));
    Server server{before.issue()};
    Scene<Backend> scene;
    scene.real_time = real_time;
    scene.replace("ca.pem", before.certificate_pem());
    scene.options.http.tls.ca_file = scene.path("ca.pem");
    CHECK(scene.call(server.tls) == Reason::none);
    // The successor comes to the file, and then to the server.
    scene.replace("ca.pem", before.certificate_pem() + after.certificate_pem());
    CHECK(scene.call(server.tls) == Reason::none);
    server.show(after.issue());
    CHECK(scene.call(server.tls) == Reason::none);
    CHECK(scene.changed == std::vector<std::string>{scene.path("ca.pem")});
    CHECK(scene.failed.empty());
    // What is taken out is no longer trusted.
    scene.replace("ca.pem", before.certificate_pem());
    CHECK(scene.call(server.tls) == Reason::untrusted);
    scene.replace("ca.pem", after.certificate_pem());
    CHECK(scene.call(server.tls) == Reason::none);
}

template <class Backend>
void keeps_what_was_there() {
    const auto root = pki::Identity::self_signed();
    const auto other = pki::Identity::self_signed(pki::authority("other"));
    Server server{root.issue()};
    Scene<Backend> scene;
    scene.replace("ca.pem", root.certificate_pem());
    scene.options.http.tls.ca_file = scene.path("ca.pem");
    CHECK(scene.call(server.tls) == Reason::none);
    const std::string whole = root.certificate_pem() + other.certificate_pem();
    // A writer rests half way; then the file is gone, and then it is whole.
    scene.replace("ca.pem", whole.substr(0, whole.size() - 60));
    for (int i = 0; i != 3; ++i)
        CHECK(scene.call(server.tls) == Reason::none);
    std::filesystem::remove(scene.folder / "ca.pem");
    CHECK(scene.call(server.tls) == Reason::none);
    CHECK(scene.failed == std::vector<Reason>{Reason::file});
    CHECK(scene.changed.empty());
    scene.replace("ca.pem", whole);
    CHECK(scene.call(server.tls) == Reason::none);
    CHECK(scene.changed.size() == 1);
    // The next trouble is told again.
    scene.replace("ca.pem", "");
    CHECK(scene.call(server.tls) == Reason::none);
    CHECK(scene.failed.size() == 2);
}

template <class Backend>
void waits_for_the_key() {
    const auto root = pki::Identity::self_signed();
    const auto person = [&](const char* name) {
        return root.issue(pki::leaf().called(name).names({}).usage("clientAuth"));
    };
    const auto first = person("first");
    const auto second = person("second");
    const auto context = pki::server(root.issue());
    SSL_CTX_set_verify(
        context->native_handle(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    std::mutex mutex;
    std::vector<std::string> shown;
    support::RawServer server{[&](RawPeer& peer) {
        SSL* const ssl = peer.begin_tls(*context);
        char text[64] = "";
        if (X509* const certificate = SSL_get0_peer_certificate(ssl)) {
            X509_NAME_get_text_by_NID(
                X509_get_subject_name(certificate), NID_commonName, text, sizeof text);
        }
        {
            const std::lock_guard lock{mutex};
            shown.emplace_back(text);
        }
        answer_once(peer);
    }};
    Scene<Backend> scene;
    scene.replace("cert.pem", first.certificate_pem());
    scene.replace("key.pem", first.key_pem());
    clarify::TlsOptions& tls = scene.options.http.tls;
    tls.ca_pem = root.certificate_pem();
    tls.client_certificate_file = scene.path("cert.pem");
    tls.client_key_file = scene.path("key.pem");
    tls.max_sessions = 0;
    const auto call = [&] {
        scene.clock->advance(1s);
        if (!scene.backend) {
            scene.options.clock = scene.clock;
            scene.options.retry.attempts = 1;
            scene.backend = std::make_unique<typename Scene<Backend>::Client>(
                scene.context.get_executor(),
                *clarify::Url::parse("https://localhost:" + std::to_string(server.port()) + "/rpc"),
                Backend{scene.options.http},
                clarify::BearerToken{clarify::Secret{"canary-token"}},
                scene.options);
        }
        CHECK(support::run(scene.context, scene.backend->call("m", "{}")).has_value());
    };
    call();
    scene.replace("cert.pem", second.certificate_pem());
    call();
    call();
    scene.replace("key.pem", second.key_pem());
    call();
    const std::lock_guard lock{mutex};
    CHECK(shown == std::vector<std::string>{"first", "first", "first", "second"});
}

template <class Backend>
void follows_lists() {
    const auto root = pki::Identity::self_signed();
    const auto leaf = root.issue();
    Server server{leaf};
    Scene<Backend> scene;
    scene.replace("crl.pem", root.crl_pem({}));
    scene.options.http.tls.ca_pem = root.certificate_pem();
    scene.options.http.tls.crl_file = scene.path("crl.pem");
    scene.options.http.tls.max_sessions = 0;
    CHECK(scene.call(server.tls) == Reason::none);
    scene.replace("crl.pem", root.crl_pem({}, pki::expired));
    CHECK(scene.call(server.tls) == Reason::revocation_unknown);
    scene.replace("crl.pem", root.crl_pem({}));
    CHECK(scene.call(server.tls) == Reason::none);
    scene.replace("crl.pem", root.crl_pem({leaf}));
    CHECK(scene.call(server.tls) == Reason::revoked);
}

}  // namespace

TEST_CASE("TLS files: another authority is trusted a second later, and one taken out no longer") {
    follows_trust<clarify::BeastBackend>(false);
    follows_trust<clarify::CurlBackend>(false);
}

TEST_CASE("TLS files: they are looked at beside the loop") {
    follows_trust<clarify::BeastBackend>(true);
    follows_trust<clarify::CurlBackend>(true);
}

TEST_CASE("TLS files: what cannot be used leaves in force what was there, and is told once") {
    keeps_what_was_there<clarify::BeastBackend>();
    keeps_what_was_there<clarify::CurlBackend>();
}

TEST_CASE("TLS files: a certificate waits for its key") {
    waits_for_the_key<clarify::BeastBackend>();
    waits_for_the_key<clarify::CurlBackend>();
}

TEST_CASE("TLS files: lists of what is revoked are followed") {
    follows_lists<clarify::BeastBackend>();
    follows_lists<clarify::CurlBackend>();
}

TEST_CASE("TLS files: no look comes sooner than a second after the one before") {
    const auto root = pki::Identity::self_signed();
    Server server{root.issue()};
    Scene<clarify::BeastBackend> scene;
    scene.replace("ca.pem", root.certificate_pem());
    scene.options.http.tls.ca_file = scene.path("ca.pem");
    CHECK(scene.call(server.tls) == Reason::none);
    scene.replace("ca.pem", root.certificate_pem() + root.certificate_pem());
    scene.clock->advance(999ms);
    CHECK(scene.call_at_once(server.tls) == Reason::none);
    CHECK(scene.changed.empty());
    scene.clock->advance(1ms);
    CHECK(scene.call_at_once(server.tls) == Reason::none);
    CHECK(scene.changed.size() == 1);
}

TEST_CASE("TLS files: sessions of other terms are not resumed, those of the same content are") {
    const auto root = pki::Identity::self_signed();
    const auto other = pki::Identity::self_signed(pki::authority("other"));
    Server server{root.issue()};
    Scene<clarify::BeastBackend> scene;
    scene.replace("ca.pem", root.certificate_pem());
    scene.options.http.tls.ca_file = scene.path("ca.pem");
    CHECK(scene.call(server.tls) == Reason::none);
    CHECK(scene.call(server.tls) == Reason::none);
    // The same again, as another file.
    scene.replace("ca.pem", root.certificate_pem());
    CHECK(scene.call(server.tls) == Reason::none);
    scene.replace("ca.pem", root.certificate_pem() + other.certificate_pem());
    CHECK(scene.call(server.tls) == Reason::none);
    CHECK(scene.call(server.tls) == Reason::none);
    CHECK(scene.resumed == std::vector<bool>{false, true, true, false, true});
    CHECK(scene.changed.size() == 1);
}

}  // namespace tls_files_test
