// SPDX-License-Identifier: BSL-1.0
// Asks for something that may block beside a serial executor, in a coroutine that waits there.

#ifndef CLARIFY_CORE_DETAIL_ASK_ELSEWHERE_HPP
#define CLARIFY_CORE_DETAIL_ASK_ELSEWHERE_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/run_elsewhere.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace clarify::detail {

/** Calls `ask()` in a thread of the process, and waits for what it returns.

    To be awaited on `executor`. `ask` owns what it uses: a wait that is cancelled, or whose coroutine
    goes, does not end it. What it throws, and a lack of memory, is `Errc::internal`,
    `Reason::resource`.
*/
template <class T>
boost::asio::awaitable<Result<T>> ask_elsewhere(
    boost::asio::any_io_executor executor, std::function<Result<T>()> ask) {
    struct Visit {
        std::optional<Result<T>> answer;
        bool is_over = false;
        Signal told;
    };
    const auto visit = std::make_shared<Visit>();
    run_elsewhere(
        executor,
        [visit, ask = std::move(ask)] {
            try {
                visit->answer.emplace(ask());
            } catch (...) {
                visit->answer.reset();
            }
        },
        [visit] {
            visit->is_over = true;
            visit->told.notify_all();
        });
    while (!visit->is_over) {
        if (co_await visit->told.wait(executor, (TimePoint::max)()))
            co_return Error{Errc::cancelled};
    }
    if (!visit->answer) co_return Error{Errc::internal, Reason::resource};
    co_return std::move(*visit->answer);
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_ASK_ELSEWHERE_HPP
