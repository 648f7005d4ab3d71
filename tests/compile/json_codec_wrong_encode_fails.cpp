// expect-error: codec.encode(value, out)
// SPDX-License-Identifier: BSL-1.0
// A codec whose encode returns the text rather than appending it: the compiler says which expression
// is wanted.

#include <clarify/auth/no_auth.hpp>
#include <clarify/rpc_client.hpp>

#include <boost/asio/awaitable.hpp>

#include <string>
#include <string_view>

struct Codec {
    using value_type = int;

    clarify::Result<std::string> encode(int) const { return std::string{}; }
    template <class T>
    clarify::Result<T> decode(std::string_view) const {
        return T{};
    }
};

struct Backend {
    boost::asio::awaitable<clarify::Result<void>> post(
        const clarify::HttpRequest&, clarify::HttpResponse&, clarify::HttpProgress&) {
        co_return clarify::Result<void>{};
    }
    void close() noexcept {}
};

using Client = clarify::RpcClient<Backend, clarify::NoAuth, Codec>;
