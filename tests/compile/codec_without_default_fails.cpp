// expect-error: this JSON codec has no default constructor: hand one over to RpcClient(executor, endpoint,
// SPDX-License-Identifier: BSL-1.0
// A client that is not given a codec makes one: the compiler says what that lacks.

#include <clarify/auth/credentials_auth.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace {

struct OwnBackend {
    explicit OwnBackend(const clarify::HttpOptions&) {}
    boost::asio::awaitable<clarify::Result<void>> post(
        const clarify::HttpRequest&, clarify::HttpResponse&, clarify::HttpProgress&) {
        co_return clarify::Result<void>{};
    }
    void close() noexcept {}
};

struct OwnCodec : clarify::BoostJsonCodec {
    explicit OwnCodec(int) {}
};

}  // namespace

using Client = clarify::RpcClient<OwnBackend, clarify::CredentialsAuth, OwnCodec>;

Client make(boost::asio::any_io_executor executor, const clarify::Credentials& credentials) {
    return Client{executor, credentials};
}
