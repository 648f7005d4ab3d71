// SPDX-License-Identifier: BSL-1.0
// The least that a JSON codec has to be, and a client that needs no more of it.

#include <clarify/auth/no_auth.hpp>
#include <clarify/concepts/json_codec.hpp>
#include <clarify/rpc_client.hpp>

#include <boost/asio/awaitable.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

namespace codec_archetype {

/// A document that can be moved, and nothing else.
class Document {
public:
    explicit Document(int) {}
    Document(Document&&) = default;
    Document(const Document&) = delete;
};

/// Has no default constructor and no copies, and takes its documents alone.
class Codec {
public:
    using value_type = Document;

    explicit Codec(int) {}
    Codec(Codec&&) = default;
    Codec(const Codec&) = delete;
    Codec& operator=(Codec&&) = delete;

    clarify::Result<void> encode(const Document&, std::string& out) const {
        out += "{}";
        return {};
    }
    template <std::same_as<Document> T>
    clarify::Result<T> decode(std::string_view) const {
        return T{1};
    }
};

static_assert(clarify::JsonCodec<Codec>);

struct Backend {
    boost::asio::awaitable<clarify::Result<void>> post(
        const clarify::HttpRequest&, clarify::HttpResponse&, clarify::HttpProgress&) {
        co_return clarify::Result<void>{};
    }
    void close() noexcept {}
};

using Client = clarify::RpcClient<Backend, clarify::NoAuth, Codec>;

boost::asio::awaitable<clarify::Result<Document>> call(Client& client, const Document& params);
boost::asio::awaitable<clarify::Result<Document>> call(Client& client, const Document& params) {
    return client.call("method", params);
}

boost::asio::awaitable<clarify::Result<void>> notify(Client& client, const Document& params);
boost::asio::awaitable<clarify::Result<void>> notify(Client& client, const Document& params) {
    return client.notify("method", params);
}

Client make_client(boost::asio::any_io_executor executor, clarify::Url url);
Client make_client(boost::asio::any_io_executor executor, clarify::Url url) {
    return Client{std::move(executor), std::move(url), Backend{}, clarify::NoAuth{}, {}, Codec{1}};
}

}  // namespace codec_archetype
