// SPDX-License-Identifier: BSL-1.0
// A completion handler that hears of its own loss, where no coroutine would notice it.

#ifndef CLARIFY_CORE_DETAIL_TOLD_HANDLER_HPP
#define CLARIFY_CORE_DETAIL_TOLD_HANDLER_HPP

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
    Then the call is made all the same, on the executor, with `error::no_memory`; unless there is no
    memory for that either, or the context is going.
*/
template <class Call>
class ToldHandler {
public:
    ToldHandler(
        boost::asio::any_io_executor executor, std::shared_ptr<ContextLink> context, Call call)
        : executor_(std::move(executor)), context_(std::move(context)), call_(std::move(call)) {}
    ToldHandler(ToldHandler&&) noexcept = default;
    ToldHandler(const ToldHandler&) = delete;
    ToldHandler& operator=(const ToldHandler&) = delete;
    ~ToldHandler() {
        // One that was called, or moved from, has none.
        if (!context_) return;
        context_->while_there([this] {
            try {
                boost::asio::post(executor_, [call = std::move(call_)]() mutable {
                    call(boost::asio::error::no_memory);
                });
            } catch (...) {  // NOLINT(bugprone-empty-catch): the deadline ends the exchange
            }
        });
    }

    template <class... Done>
    void operator()(boost::system::error_code ec, Done...) {
        context_.reset();
        call_(ec);
    }

private:
    boost::asio::any_io_executor executor_;
    std::shared_ptr<ContextLink> context_;
    Call call_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_TOLD_HANDLER_HPP
