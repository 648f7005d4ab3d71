// expect-error: this HTTP backend cannot be made from clarify::HttpOptions: give it such a constructor
// SPDX-License-Identifier: BSL-1.0
// A client made from credentials makes its backend itself: the compiler says what that lacks.

#include <clarify/auth/credentials_auth.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/any_io_executor.hpp>

namespace {

struct OwnBackend {
    explicit OwnBackend(int) {}
    boost::asio::awaitable<clarify::Result<void>> post(
        const clarify::HttpRequest&, clarify::HttpResponse&, clarify::HttpProgress&) {
        co_return clarify::Result<void>{};
    }
    void close() noexcept {}
};

}  // namespace

using Client = clarify::RpcClient<OwnBackend, clarify::CredentialsAuth, clarify::BoostJsonCodec>;

Client make(boost::asio::any_io_executor executor, const clarify::Credentials& credentials) {
    return Client{executor, credentials};
}
