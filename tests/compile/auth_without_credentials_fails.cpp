// expect-error: this authentication cannot be made from clarify::CredentialsAuth: give it such a
// SPDX-License-Identifier: BSL-1.0
// A client made from credentials makes its authentication of them: the compiler says what that lacks.

#include <clarify/auth/no_auth.hpp>
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

}  // namespace

using Client = clarify::RpcClient<OwnBackend, clarify::NoAuth, clarify::BoostJsonCodec>;

Client make(boost::asio::any_io_executor executor, const clarify::Credentials& credentials) {
    return Client{executor, credentials};
}
