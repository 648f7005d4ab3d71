// SPDX-License-Identifier: BSL-1.0
// An HTTP stack without sockets that answers by a script, for tests of what uses a client.

#ifndef CLARIFY_TESTING_SCRIPTED_BACKEND_HPP
#define CLARIFY_TESTING_SCRIPTED_BACKEND_HPP

#include <clarify/concepts/http_backend.hpp>
#include <clarify/testing/scripted_answer.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::testing {

/** The answers to the requests for one path, in their order; see `ScriptedBackend::on`.

    A step answers one request, whichever comes next. Where the steps are used up the answer given
    to `always` follows, and without that the request fails.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; see `ScriptedBackend`.
*/
class Script {
public:
    /// One that answers nothing.
    Script() = default;

    /// Appends `answer` for the next `times` requests that have none yet. Returns this script, so
    /// that calls can be chained.
    Script& then(Answer answer, std::size_t times = 1) {
        steps_.insert(steps_.end(), times, std::move(answer));
        return *this;
    }
    /// Answers all requests after those given to `then`. The last call counts. Returns this script.
    Script& always(Answer answer) {
        always_.emplace(std::move(answer));
        return *this;
    }
    /// How many answers of `then` nobody has asked for yet: 0 at the end of most tests.
    std::size_t left() const noexcept { return steps_.size(); }

    /// Takes out the next answer; for the backend.
    std::optional<Answer> take();

private:
    std::deque<Answer> steps_;
    std::optional<Answer> always_;
};

/** A handle to a server that exists only as a script; models `HttpBackend`.

    ```cpp
    ScriptedBackend server;                      // copies are handles to the same script
    server.on("/v1/oauth/token").always(issue_tokens(std::chrono::hours{1}));
    server.on("/v1/rpc")
        .then(reply(429).header("Retry-After", "20"))
        .then(reply_result(R"({"total":1})").after(std::chrono::seconds{2}))
        .then([](const RecordedRequest& request) { return reply_result(request.params()); });
    RpcClient<ScriptedBackend, ClientCredentials, BoostJsonCodec> client{
        context.get_executor(), endpoint, server, ClientCredentials{config}, options};
    // ... calls ...
    assert(server.requests("/v1/rpc").at(0).method() == "integration.insert");
    ```

    A request that nothing is scripted for fails with `Errc::internal` and a message that says so.
    The body of a reply is bounded by `HttpRequest::max_response_body`, a request by its deadline,
    and cancellation (terminal) ends an exchange at once, all as `HttpBackend` demands. Each
    exchange is on a connection of its own; `kept` and `dropped` tell what the client thought of
    it. All waiting follows the client's clock, see `ManualClock`.

    @par Object lifetimes
    The copy in the client and its exchanges keep the script alive, not the other way round: what
    functions given as answers refer to must outlive the client.
    @par Errors
    Those that the script says, and besides `Errc::timeout` at the deadline, `Errc::cancelled`,
    `Errc::too_large` for a body over the limit, and `Errc::internal` where nothing is scripted; all
    with the phase and the fate of where the exchange was.
    @par Thread safety
    Distinct objects: safe, unless copies. Copies share one script without a lock: the client uses
    it on its serial executor, so the test must not while the client's context runs in another
    thread. Functions given as answers are called on the client's serial executor.
*/
class ScriptedBackend {
public:
    /// One with an empty script.
    ScriptedBackend();

    /// The script for a path, such as "/v1/rpc", made if there is none; valid as long as any copy of
    /// the backend. The scheme, the host and the port of a request do not matter.
    Script& on(std::string_view path);
    /// `Script::then` of the script for all paths that `on` was not called for.
    Script& then(Answer answer, std::size_t times = 1);
    /// `Script::always` of the same.
    Script& always(Answer answer);

    /// All requests so far, in the order in which their exchanges began, those that failed and
    /// those in flight included. A reference to an element stays valid, and shows how its exchange
    /// goes on.
    const std::deque<RecordedRequest>& requests() const noexcept;
    /// Copies of those for one path.
    std::vector<RecordedRequest> requests(std::string_view path) const;
    /// How many there were for one path.
    std::size_t count(std::string_view path) const;
    /// How many exchanges are under way.
    std::size_t in_flight() const noexcept;
    /// How many have been at the same time, at most.
    std::size_t most_in_flight() const noexcept;
    /// After how many replies the client allowed the connection to be used again.
    std::size_t kept() const noexcept;
    /// After how many it did not, since it closed, say, or did not understand the reply.
    std::size_t dropped() const noexcept;
    /// Has a client closed the backend? It goes on answering those that have not.
    bool closed() const noexcept;

    // What `HttpBackend` asks for; called by the client.
    /// Records the request and plays the script's next answer.
    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress);
    /// Only notes that it was called.
    void close() noexcept;

private:
    struct State;
    class Exchange;
    static boost::asio::awaitable<Result<void>> run(
        std::shared_ptr<State> state,
        const HttpRequest& request,
        HttpResponse& response,
        HttpProgress& progress);

    std::shared_ptr<State> state_;
};

static_assert(HttpBackend<ScriptedBackend>);

}  // namespace clarify::testing

#include <clarify/testing/detail/doubles/impl/scripted_backend.hpp>

#endif  // CLARIFY_TESTING_SCRIPTED_BACKEND_HPP
