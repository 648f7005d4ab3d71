// expect-error: backend.close
// SPDX-License-Identifier: BSL-1.0
// A backend that cannot be closed is named as what it is not.

#include <clarify/auth/no_auth.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/text_codec.hpp"

namespace {

class WithoutClose {
public:
    boost::asio::awaitable<clarify::Result<void>> post(
        const clarify::HttpRequest&, clarify::HttpResponse&, clarify::HttpProgress&) {
        co_return clarify::Result<void>{};
    }
};

}  // namespace

using Client = clarify::RpcClient<WithoutClose, clarify::NoAuth, support::TextCodec>;
