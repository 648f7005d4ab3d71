// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_DETAIL_IMPL_RUN_HPP
#define CLARIFY_DETAIL_IMPL_RUN_HPP

#include <clarify/core/detail/signal.hpp>
#include <clarify/core/detail/text.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace clarify::detail {

/// A policy may fail with an `Error` that it forgot to fill in.
inline Error or_else(Error error, Errc code, Phase phase = Phase::queue) {
    if (error.code() != Errc{}) return error;
    return Error{code, Reason::none, "a policy failed without saying why"}.set_phase(phase);
}

template <HttpBackend Backend, AuthPolicy Auth>
boost::asio::awaitable<void> Engine<Backend, Auth>::run(std::shared_ptr<CallRecord> call) {
    const auto self = shared_from_this();
    CallBuffers& buffers = *call->buffers;
    bool renewed = false;
    bool fresh_connection = false;
    bool answered = false;
    try {
        for (;;) {
            call->error.reset();
            answered = false;
            if (RateLine* const line = must_wait(*call)) {
                call->progress = {Phase::queue, false};
                co_await wait_in(*line, *call);
                if (call->stopped != Stop::none) {
                    call->error = stop_error(*call);
                    break;
                }
            }
            AuthHeader authorization;
            try {
                call->progress = {Phase::token, false};
                std::optional<AuthHeader> cached = auth_.cached(*this);
                if (cached) {
                    authorization = std::move(*cached);
                } else {
                    Result<AuthHeader> got = co_await auth_.authorize(*this, call->deadline);
                    if (!got) {
                        call->error = or_else(got.error(), Errc::token, Phase::token);
                    } else {
                        authorization = std::move(*got);
                    }
                }
                if (authorization &&
                    (authorization->empty() || !is_field_value(authorization->expose()))) {
                    call->error = Error{
                        Errc::token,
                        Reason::header,
                        "the authentication policy gave a header that is empty or has illegal "
                        "characters"};
                    call->error->set_phase(Phase::token);
                }
                if (authorization && !endpoint().is_https() && !endpoint().is_loopback() &&
                    !options().insecure_allow_credentials_over_plain_http) {
                    call->error = Error{
                        Errc::bad_config,
                        Reason::insecure,
                        "credentials are not sent over plain http to another machine"};
                    call->error->set_phase(Phase::token);
                }
            } catch (const std::bad_alloc&) {
                call->error = memory_error(*call);
            } catch (...) {
                call->error =
                    Error{Errc::token, Reason::exception, "the authentication policy threw"};
                call->error->set_phase(Phase::token);
            }
            if (call->error) {
                if (call->stopped != Stop::none) call->error = stop_error(*call);
                break;
            }

            write_headers(*call, authorization ? authorization->expose() : std::string_view{});
            HttpRequest request;
            request.url = &endpoint();
            request.headers = buffers.headers;
            request.body = buffers.request;
            request.deadline = call->deadline;
            request.max_response_body = options().max_response_body;
            request.fresh_connection = fresh_connection;
            buffers.response.clear();
            ++call->attempts;
            call->progress = {};
            const TimePoint began = options().observer ? time() : TimePoint{};
            if (options().observer) emit_attempt(*call);
            try {
                const Result<void> posted =
                    co_await backend_.post(request, buffers.response, call->progress);
                answered = posted.has_value();
                if (!posted) call->error = or_else(posted.error(), Errc::internal);
            } catch (const std::bad_alloc&) {
                call->error = memory_error(*call);
            } catch (...) {
                Error error{Errc::internal, Reason::exception, "the HTTP backend threw"};
                call->error = error.set_phase(call->progress.phase)
                                  .set_fate(call->progress.sent ? Fate::unknown : Fate::unsent);
            }
            if (call->error && call->stopped != Stop::none) {
                call->error = stop_error(*call);
                if (costs_budget(*call->error, false, options().retry.rpc_codes)) budget_.failed();
                break;
            }
            if (!call->error) {
                call->error = judge(*call);
                if (options().observer) emit_response(*call, began);
            }
            // A JSON-RPC error is an answer too. Other replies, a 503 for one, may come from somebody
            // who has not looked at the token.
            if (authorization && (!call->error || call->error->code() == Errc::rpc))
                rejected_methods_.served(buffers.method, authorization);
            if (!call->error) {
                budget_.succeeded();
                break;
            }

            if (call->error->code() == Errc::auth && authorization) {
                // The server refused before execution, so any call may be sent again; but only with
                // another token, and only once. That is no repetition of a failure, so it is done
                // where those are turned off; but it counts, so that no request is sent more often
                // than allowed. A method that is refused whatever the token keeps its 401 to itself.
                bool again = false;
                try {
                    again =
                        rejected_methods_.blames_header(buffers.method, authorization, time()) &&
                        auth_.rejected(*this, authorization);
                } catch (...) {
                    again = false;
                }
                if (!again || renewed || call->attempts >= std::max(options().retry.attempts, 2U))
                    break;
                if (call->stopped != Stop::none) {
                    call->progress = {Phase::token, false};
                    call->error = stop_error(*call);
                    break;
                }
                renewed = true;
                continue;
            }

            const bool early = answered && buffers.response.early;
            if (!is_refused(*call->error, early)) call->maybe_executed = true;
            if (costs_budget(*call->error, early, options().retry.rpc_codes)) budget_.failed();
            const RetryQuestion question{
                *call->error,
                call->idempotent,
                early,
                call->attempts,
                fresh_connection,
                time(),
                call->deadline,
                random()};
            const RetryAnswer answer = decide_retry(question, options().retry, budget_);
            if (!answer.again) break;
            if (call->stopped != Stop::none) {
                call->progress = {Phase::backoff, false};
                call->error = stop_error(*call);
                break;
            }
            fresh_connection = answer.fresh_connection;
            if (options().observer) emit_retry(*call, began, answer.wait);
            if (answer.wait > Clock::duration::zero()) {
                call->progress = {Phase::backoff, false};
                bool cancelled = false;
                try {
                    Signal never;
                    cancelled = co_await never.wait(serial(), time() + answer.wait);
                } catch (...) {
                    cancelled = true;
                }
                if (cancelled || call->stopped != Stop::none) {
                    call->error = memory_error(*call);
                    break;
                }
            }
        }
    } catch (...) {
        // Memory ran out in between.
        call->error = memory_error(*call);
        if (answered) call->error->set_phase(Phase::decode).set_fate(Fate::answered);
    }
    conclude(*call);
}

template <HttpBackend Backend, AuthPolicy Auth>
boost::asio::awaitable<Result<void>> Engine<Backend, Auth>::post(
    const HttpRequest& request, HttpResponse& response) {
    HttpProgress progress;
    co_return co_await backend_.post(request, response, progress);
}

template <HttpBackend Backend, AuthPolicy Auth>
void Engine<Backend, Auth>::spawn(boost::asio::awaitable<void> task, TimePoint deadline) {
    auto record = std::make_shared<TaskRecord>(shared_from_this());
    record->deadline = deadline;
    try {
        begin(*record);
        spawn_task(serial(), run_task(record, std::move(task)), record->signal, record);
    } catch (...) {
        record->finish();
        throw;
    }
    // Too late for the others that were stopped.
    if (is_closed()) record->stop(Stop::closed);
}

template <HttpBackend Backend, AuthPolicy Auth>
boost::asio::awaitable<void> Engine<Backend, Auth>::run_task(
    std::shared_ptr<TaskRecord> record, boost::asio::awaitable<void> task) {
    try {
        co_await std::move(task);
    } catch (...) {  // NOLINT(bugprone-empty-catch): a task reports through what it owns
    }
    record->finish();
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_IMPL_RUN_HPP
