// SPDX-License-Identifier: BSL-1.0
// The client for commands that use the typed methods, and what such commands have in common.

#ifndef CLARIFY_CLI_API_SESSION_HPP
#define CLARIFY_CLI_API_SESSION_HPP

#include <clarify/client.hpp>

#include "../daemons/link_files.hpp"
#include "event_loop.hpp"
#include "output.hpp"
#include "session.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <functional>
#include <string>
#include <utility>

namespace clarify_cli {

/// Gives the client of a session, and where its calls go.
class ApiSession {
public:
    static clarify::Client& client(Session& session);
    /// The files that the options name, which the client follows.
    static daemons::LinkFiles files(const CommonOptions& options);
    /// Has the client use what was read of its credentials, without another look at their file.
    static void use(
        Session& session, const CommonOptions& options, const daemons::LinkFiles& files);
    static const std::string& server(const Session& session);
    /// Of the credentials: for whom samples in a spool are.
    static const std::string& api_url(const Session& session);
    static const std::string& integration(const Session& session);
};

/** Opens a session and runs `work(session)`, an awaitable of a `Result<void>`, until it ends. Prints
    the error, if there is one.

    @param interrupt What to do when the process is interrupted; returns whether that is enough, and
        the work ends by itself. Otherwise it is cancelled.
    @param hang_up What to do instead on a hang-up; empty: it interrupts.
*/
template <class Work, class Interrupt>
ExitCode run_with_session(
    const CommonOptions& options,
    Work&& work,
    Interrupt interrupt,
    std::function<void()> hang_up = {}) {
    EventLoop loop;
    clarify::Result<Session> session = Session::open(loop.get_executor(), options, 8);
    if (!session) {
        print_error(session.error(), false);
        return exit_code(session.error().code());
    }
    boost::asio::cancellation_signal cancel;
    if (hang_up) loop.on_hang_up(std::move(hang_up));
    loop.on_interrupt([&cancel, &interrupt] {
        if (!interrupt()) cancel.emit(boost::asio::cancellation_type::terminal);
    });
    clarify::Result<void> outcome;
    std::exception_ptr thrown;
    boost::asio::co_spawn(
        loop.get_executor(),
        work(*session),
        boost::asio::bind_cancellation_slot(
            cancel.slot(), [&](const std::exception_ptr& error, clarify::Result<void> result) {
                thrown = error;
                outcome = std::move(result);
                loop.stop();
            }));
    loop.run();
    if (loop.interrupted()) {
        const bool cancelled = !outcome && outcome.error().code() == clarify::Errc::cancelled;
        if (!thrown && !outcome && !cancelled) print_error(outcome.error(), false);
        return ExitCode::interrupted;
    }
    if (thrown) std::rethrow_exception(thrown);
    if (!outcome) {
        print_error(outcome.error(), false);
        return exit_code(outcome.error().code());
    }
    return end_output();
}

/// Opens a session and runs `work(client)` until it ends or is interrupted.
template <class Work>
ExitCode run_with_client(const CommonOptions& options, Work&& work) {
    return run_with_session(
        options,
        [&](Session& session) { return work(ApiSession::client(session)); },
        [] { return false; });
}

/// What `--filter` and `--label` say together.
clarify::Result<clarify::Filter> filter_of(const FilterArguments& arguments);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_API_SESSION_HPP
