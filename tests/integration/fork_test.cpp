// SPDX-License-Identifier: BSL-1.0
// A process that is forked while it has connections and calls: each of the two goes on with its own.

#include <clarify/auth/client_credentials.hpp>
#include <clarify/auth/no_auth.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/http/curl_backend.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/detail/certificate.hpp>

#include "../support/in_child.hpp"
#include "../support/raw_server.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>

namespace fork_test {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using clarify::Errc;
using clarify::Fate;
using clarify::Result;
using support::RawPeer;

/// Is the reactor told of the fork?
enum class Told { yes, no };

/// What the processes of a case have in common: how to make a client.
struct Origin {
    std::string url;
    std::string ca_pem;
};

template <class Backend, class Auth = clarify::NoAuth>
struct Forker {
    using Client = clarify::RpcClient<Backend, Auth, support::TextCodec>;

    explicit Forker(const Origin& origin, Auth auth = Auth{})
        : client(
              std::in_place,
              context.get_executor(),
              *clarify::Url::parse(origin.url + "/rpc"),
              Backend{options(origin).http},
              std::move(auth),
              options(origin)) {}

    static clarify::ClientOptions options(const Origin& origin) {
        clarify::ClientOptions out;
        out.call_timeout = 10s;
        out.retry.base = 1ms;
        out.http.tls.ca_pem = origin.ca_pem;
        return out;
    }

    /// A call; its outcome appears in what is returned.
    std::shared_ptr<std::optional<Result<std::string>>> begin(const std::string& method) {
        auto outcome = std::make_shared<std::optional<Result<std::string>>>();
        client->async_call(
            method, "{}", [outcome](Result<std::string> got) { outcome->emplace(std::move(got)); });
        return outcome;
    }
    std::string call(const std::string& method) {
        const auto outcome = begin(method);
        context.restart();
        context.run();
        return *outcome ? (**outcome ? ***outcome : (**outcome).error().to_string()) : "nothing";
    }

    /// Forks: `child` runs in the child process and says what went wrong. Called once it has ended,
    /// `parent` does so in this one.
    std::string fork(
        Told told,
        const std::function<std::string()>& child,
        const std::function<std::string()>& parent) {
        if (told == Told::yes) context.notify_fork(asio::io_context::fork_prepare);
        int pipe[2] = {};
        if (::pipe(pipe) != 0) return "no pipe";
        const pid_t process = ::fork();
        if (process == 0) {
            if (told == Told::yes) context.notify_fork(asio::io_context::fork_child);
            std::string problem = child();
            client.reset();
            if (told == Told::yes) {
                context.restart();
                context.run();
            }
            if (!problem.empty()) problem = "child: " + problem;
            support::detail::write_to(pipe[1], problem);
            ::_exit(0);
        }
        if (told == Told::yes) context.notify_fork(asio::io_context::fork_parent);
        ::close(pipe[1]);
        const std::string theirs = support::detail::read_to_end(pipe[0]);
        ::close(pipe[0]);
        int status = 0;
        ::waitpid(process, &status, 0);
        if (!theirs.empty() || status != 0) return theirs + ", status " + std::to_string(status);
        return parent();
    }

    asio::io_context context;
    std::optional<Client> client;
};

std::string expect(const std::string& got, const std::string& wanted) {
    return got == wanted ? std::string{} : "got " + got + " and not " + wanted + "; ";
}

/// Answers calls with the number of the connection, `slow` ones after a while, and issues tokens as
/// slowly.
void serve(RawPeer& peer) {
    while (const auto request = peer.read()) {
        if (request->head.starts_with("POST /token")) {
            std::this_thread::sleep_for(400ms);
            peer.reply(R"({"access_token":"t","token_type":"Bearer","expires_in":3600})");
            continue;
        }
        if (request->body.find("slow") != std::string::npos) std::this_thread::sleep_for(400ms);
        peer.result(*request, std::to_string(peer.number()));
    }
}

template <class Backend>
std::string connections_at_rest(const Origin& origin, Told told) {
    Forker<Backend> forker{origin};
    std::string problem = expect(forker.call("m"), "1");
    const auto calls = [&](const std::string& connection) {
        std::string out;
        for (int i = 0; i != 3; ++i)
            out += expect(forker.call("m"), connection);
        return out;
    };
    // The child ends, and closes its connections, before the parent goes on.
    return problem +
        forker.fork(
            told, [&] { return calls("2"); }, [&] { return calls("1"); });
}

template <class Backend>
void check_connections_at_rest() {
    const clarify::testing::detail::CertificateAuthority authority;
    for (const bool tls : {false, true}) {
        for (const Told told : {Told::yes, Told::no}) {
            INFO(tls << ' ' << (told == Told::yes));
            const auto context = support::tls_server(authority.issue());
            const auto report = support::in_child(
                [&](RawPeer& peer) {
                    if (tls) peer.begin_tls(*context);
                    serve(peer);
                },
                [&](std::string url) {
                    if (tls) url.replace(0, 4, "https");
                    return connections_at_rest<Backend>(
                        Origin{url, authority.certificate_pem()}, told);
                });
            CHECK(report.problem.empty());
            CHECK_MESSAGE(report.problem.empty(), report.problem);
            CHECK(report.requests == 7);
        }
    }
}

template <class Backend>
std::string call_under_way(const std::string& url) {
    Forker<Backend> forker{Origin{url, {}}};
    const auto outcome = forker.begin("slow");
    forker.context.run_for(150ms);
    return forker.fork(
        Told::yes,
        [&] {
            forker.context.run();
            if (!*outcome) return std::string{"no outcome"};
            if (**outcome) return "an outcome: " + ***outcome;
            const clarify::Error& error = (**outcome).error();
            std::string problem = error.code() == Errc::cancelled && error.fate() == Fate::unknown
                ? std::string{}
                : error.to_string();
            return problem + expect(forker.call("m"), "2");
        },
        [&] {
            forker.context.restart();
            forker.context.run();
            if (!*outcome || !**outcome) return std::string{"the call was lost"};
            return expect(***outcome, "1") + expect(forker.call("m"), "1");
        });
}

template <class Backend>
void check_call_under_way() {
    const auto report = support::in_child(&serve, &call_under_way<Backend>);
    CHECK_MESSAGE(report.problem.empty(), report.problem);
    // No call is repeated by the child.
    CHECK(report.requests == 3);
}

}  // namespace

TEST_CASE("fork: each process goes on with connections of its own, and neither ends the other's") {
    check_connections_at_rest<clarify::BeastBackend>();
}

TEST_CASE("fork: the same through libcurl") { check_connections_at_rest<clarify::CurlBackend>(); }

TEST_CASE("fork: a call under way stays with the parent, and the child learns that") {
    check_call_under_way<clarify::BeastBackend>();
    check_call_under_way<clarify::CurlBackend>();
}

TEST_CASE("fork: a token fetch under way stays with the parent, and the child begins its own") {
    const auto body = [](const std::string& url) {
        Forker<clarify::BeastBackend, clarify::ClientCredentials> forker{
            Origin{url, {}},
            clarify::ClientCredentials{clarify::ClientCredentialsConfig{
                *clarify::Url::parse(url + "/token"), "id", clarify::Secret{"secret"}}}};
        const auto outcome = forker.begin("m");
        forker.context.run_for(150ms);
        return forker.fork(
            Told::yes,
            [&] { return expect(forker.call("m"), "2"); },
            [&] {
                forker.context.restart();
                forker.context.run();
                if (!*outcome || !**outcome) return std::string{"the call was lost"};
                return expect(***outcome, "1");
            });
    };
    const auto report = support::in_child(&serve, body);
    CHECK_MESSAGE(report.problem.empty(), report.problem);
    CHECK(report.requests == 4);
}

}  // namespace fork_test
