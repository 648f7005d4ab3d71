// SPDX-License-Identifier: BSL-1.0
// The client for commands that use the typed methods, and what such commands have in common.

#ifndef CLARIFY_CLI_API_SESSION_HPP
#define CLARIFY_CLI_API_SESSION_HPP

#include <clarify/client.hpp>

#include "event_loop.hpp"
#include "output.hpp"
#include "session.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <functional>

namespace clarify_cli {

/// Gives the client of a session.
class ApiSession {
public:
    static clarify::Client& client(Session& session);
};

/// Opens a session and runs `work(client)`, an awaitable of a `Result<void>`, until it ends or is
/// interrupted. Prints the error, if there is one.
template <class Work>
ExitCode run_with_client(const CommonOptions& options, Work&& work) {
    EventLoop loop;
    clarify::Result<Session> session = Session::open(loop.get_executor(), options, 8);
    if (!session) {
        print_error(session.error(), false);
        return exit_code(session.error().code());
    }
    boost::asio::cancellation_signal cancel;
    loop.on_interrupt([&cancel] { cancel.emit(boost::asio::cancellation_type::terminal); });
    clarify::Result<void> outcome;
    std::exception_ptr thrown;
    boost::asio::co_spawn(
        loop.get_executor(),
        work(ApiSession::client(*session)),
        boost::asio::bind_cancellation_slot(
            cancel.slot(), [&](const std::exception_ptr& error, clarify::Result<void> result) {
                thrown = error;
                outcome = std::move(result);
                loop.stop();
            }));
    loop.run();
    if (loop.interrupted()) return ExitCode::interrupted;
    if (thrown) std::rethrow_exception(thrown);
    if (!outcome) {
        print_error(outcome.error(), false);
        return exit_code(outcome.error().code());
    }
    return end_output();
}

/// What `--filter` and `--label` say together.
clarify::Result<clarify::Filter> filter_of(const FilterArguments& arguments);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_API_SESSION_HPP
