// SPDX-License-Identifier: BSL-1.0
// Name look-ups that hang, in a process with a name server that never answers, through any backend.

#ifndef CLARIFY_TESTS_INTEGRATION_LOOK_UP_SCENE_HPP
#define CLARIFY_TESTS_INTEGRATION_LOOK_UP_SCENE_HPP

#include <clarify/auth/no_auth.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/in_child.hpp"
#include "../support/network_namespace.hpp"
#include "../support/raw_server.hpp"
#include "../support/text_codec.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace support {

using LookUpProblem = std::optional<std::string>;

/// Runs `body` where names are looked up at a server that is silent, or says why that cannot be.
inline void with_silent_name_server(const std::function<LookUpProblem()>& body) {
    const std::string skipped = "skipped: ";
    const std::string problem = in_child([&]() -> std::string {
        if (const auto without = NetworkNamespace::enter()) return skipped + *without;
        if (const auto without = NetworkNamespace::use_name_server("127.0.0.1"))
            return skipped + *without;
        boost::asio::io_context context;
        boost::system::error_code ec;
        boost::asio::ip::udp::socket silent{context, boost::asio::ip::udp::v4()};
        silent.bind({boost::asio::ip::make_address("127.0.0.1"), 53}, ec);
        if (ec) return skipped + "port 53: " + ec.message();
        return body().value_or("");
    });
    if (problem.starts_with(skipped)) {
        MESSAGE(problem);
    } else {
        CHECK(problem == "");
    }
}

/// A client of `origin`, with a limit for its calls.
template <class Backend>
struct LookUpCaller {
    using Client = clarify::RpcClient<Backend, clarify::NoAuth, TextCodec>;
    using Outcome = clarify::Result<std::string>;

    LookUpCaller(
        boost::asio::io_context& context,
        const std::string& origin,
        std::chrono::milliseconds limit) {
        clarify::ClientOptions options;
        options.call_timeout = limit;
        options.http.connect_timeout = std::chrono::seconds{30};
        client = std::make_unique<Client>(
            context.get_executor(),
            clarify::Url::parse(origin + "/rpc").value(),
            Backend{options.http},
            clarify::NoAuth{},
            options);
    }
    void call() {
        began = clarify::Clock::now();
        client->async_call("m", "{}", [this](Outcome got) {
            outcome = std::move(got);
            took = clarify::Clock::now() - began;
        });
    }

    std::unique_ptr<Client> client;
    clarify::TimePoint began;
    std::optional<Outcome> outcome;
    clarify::Clock::duration took{};
};

/// Names that hang do not hold up one that does not; each ends at its own limit, and the context with
/// the last of them.
template <class Backend>
LookUpProblem check_hung_names() {
    using namespace std::chrono_literals;
    RawServer server{answer_all("1")};
    const std::string port = ':' + std::to_string(server.port());
    const auto began = clarify::Clock::now();
    {
        auto context = std::make_unique<boost::asio::io_context>();
        std::vector<std::unique_ptr<LookUpCaller<Backend>>> hung;
        for (int i = 0; i != 12; ++i) {
            hung.push_back(std::make_unique<LookUpCaller<Backend>>(
                *context, "http://hung" + std::to_string(i) + ".example.test" + port, 1500ms));
            hung.back()->call();
        }
        context->run_for(200ms);
        LookUpCaller<Backend> good{*context, "http://localhost" + port, 10s};
        good.call();
        context->run();
        if (!good.outcome || !*good.outcome)
            return "the good one: " + (good.outcome ? good.outcome->error().to_string() : "no end");
        if (good.took > 1s) return "the good one was held up";
        for (const auto& each : hung) {
            if (!each->outcome || *each->outcome) return "a hung one has no failure";
            const clarify::Error& error = each->outcome->error();
            if (error.code() != clarify::Errc::timeout || error.phase() != clarify::Phase::resolve)
                return error.to_string();
        }
        // The clients before the context, and what they wait for neither before nor behind it.
        hung.clear();
    }
    if (clarify::Clock::now() - began > 6s) return "something waited for a look-up";
    return std::nullopt;
}

/// The context goes while a look-up is under way, and then the process.
template <class Backend>
LookUpProblem check_end_of_process() {
    using namespace std::chrono_literals;
    const auto began = clarify::Clock::now();
    const pid_t process = ::fork();
    if (process == 0) {
        {
            boost::asio::io_context context;
            LookUpCaller<Backend> hung{context, "http://hung.example.test", 10s};
            hung.call();
            context.run_for(100ms);
        }
        std::exit(7);
    }
    int status = 0;
    while (::waitpid(process, &status, 0) < 0) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 7) return "the process did not end well";
    if (clarify::Clock::now() - began > 8s) return "the process waited for a look-up";
    return std::nullopt;
}

/// A child process looks up names whatever its parent is at, the same one too.
template <class Backend>
LookUpProblem check_fork() {
    using namespace std::chrono_literals;
#if defined(__SANITIZE_THREAD__)
    return std::nullopt;  // it forbids threads in the child of a process that has any
#endif
    RawServer server{answer_all("1")};
    const std::string origin = "http://localhost:" + std::to_string(server.port());
    boost::asio::io_context context;
    LookUpCaller<Backend> hung{context, "http://hung.example.test", 1s};
    LookUpCaller<Backend> good{context, origin, 5s};
    hung.call();
    good.call();
    context.run_for(100ms);
    const pid_t process = ::fork();
    if (process == 0) {
        boost::asio::io_context own;
        LookUpCaller<Backend> child{own, origin, 5s};
        LookUpCaller<Backend> also_hung{own, "http://hung.example.test", 500ms};
        child.call();
        also_hung.call();
        own.run();
        const bool fine = child.outcome && *child.outcome && child.took < 2s && also_hung.outcome &&
            also_hung.took < 3s;
        ::_exit(fine ? 7 : 1);
    }
    context.run();
    int status = 0;
    while (::waitpid(process, &status, 0) < 0) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 7) return "the child was held up";
    if (!good.outcome || !*good.outcome || !hung.outcome) return "the parent was";
    return std::nullopt;
}

}  // namespace support

#endif  // CLARIFY_TESTS_INTEGRATION_LOOK_UP_SCENE_HPP
