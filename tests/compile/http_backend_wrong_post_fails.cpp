// expect-error: std::same_as<boost::asio::awaitable<Result<void>>>
// expect-error: does not satisfy return-type-requirement
// SPDX-License-Identifier: BSL-1.0
// A backend whose post gives no Result is named as what it is not.

#include <clarify/auth/no_auth.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/text_codec.hpp"

namespace {

class WrongPost {
public:
    boost::asio::awaitable<boost::system::error_code> post(
        const clarify::HttpRequest&, clarify::HttpResponse&, clarify::HttpProgress&) {
        co_return boost::system::error_code{};
    }
    void close() noexcept {}
};

}  // namespace

using Client = clarify::RpcClient<WrongPost, clarify::NoAuth, support::TextCodec>;
