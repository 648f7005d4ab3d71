// SPDX-License-Identifier: BSL-1.0
// A completion handler that hears of its own loss, where no coroutine would notice it.

#ifndef CLARIFY_HTTP_DETAIL_TOLD_HANDLER_HPP
#define CLARIFY_HTTP_DETAIL_TOLD_HANDLER_HPP

#include <clarify/core/detail/called_or_lost.hpp>
#include <clarify/core/detail/context_link.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <utility>

namespace clarify::detail {

/** The handler of an operation, which calls `call(error_code)`; how much was done is not passed on.

    Where Asio has no memory to get a completion to its executor, it destroys the handler instead.
    Then the call is made all the same, on `executor`, with `error::no_memory`; unless there is no
    memory for that either, or the context is going.
*/
template <class Call>
auto told_handler(
    boost::asio::any_io_executor executor, std::shared_ptr<ContextLink> context, Call call) {
    return CalledOrLost{
        std::move(call),
        [](Call told, boost::system::error_code ec, const auto&...) { told(ec); },
        [executor = std::move(executor), context = std::move(context)](Call lost) noexcept {
            context->while_there([&] {
                try {
                    boost::asio::post(executor, [told = std::move(lost)]() mutable {
                        told(boost::asio::error::no_memory);
                    });
                } catch (...) {  // NOLINT(bugprone-empty-catch): the deadline ends the exchange
                }
            });
        }};
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_TOLD_HANDLER_HPP
