// SPDX-License-Identifier: BSL-1.0
// What CurlBackend waits with, where no coroutine would notice that a wait never ended.

#ifndef CLARIFY_HTTP_DETAIL_CURL_WAIT_HPP
#define CLARIFY_HTTP_DETAIL_CURL_WAIT_HPP

#include <clarify/core/detail/context_link.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <utility>

namespace clarify::detail {

/** The handler of a wait, which calls `call(error_code)`.

    Where Asio has no memory to get a completion to its executor, it destroys the handler instead.
    Then the call is made all the same, on the executor, with `error::no_memory`; unless there is no
    memory for that either, or the context is going.
*/
template <class Call>
class CurlWait {
public:
    CurlWait(boost::asio::any_io_executor executor, std::shared_ptr<ContextLink> context, Call call)
        : executor_(std::move(executor)), context_(std::move(context)), call_(std::move(call)) {}
    CurlWait(CurlWait&&) noexcept = default;
    CurlWait(const CurlWait&) = delete;
    CurlWait& operator=(const CurlWait&) = delete;
    ~CurlWait() {
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

    void operator()(boost::system::error_code ec) {
        context_.reset();
        call_(ec);
    }

private:
    boost::asio::any_io_executor executor_;
    std::shared_ptr<ContextLink> context_;
    Call call_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CURL_WAIT_HPP
