// SPDX-License-Identifier: BSL-1.0
// The smallest HTTP backend, and a client over it.

#include <clarify/auth/no_auth.hpp>
#include <clarify/rpc_client.hpp>

#include "../support/text_codec.hpp"

#include <boost/asio/io_context.hpp>

namespace {

/// Movable, with the two members that the concept asks for, and nothing else.
class Archetype {
public:
    Archetype(Archetype&&) = default;
    Archetype& operator=(Archetype&&) = delete;

    static Archetype make() { return Archetype{}; }

    boost::asio::awaitable<clarify::Result<void>> post(
        const clarify::HttpRequest&, clarify::HttpResponse&, clarify::HttpProgress&) {
        co_return clarify::Error{clarify::Errc::connect};
    }
    void close() noexcept {}

private:
    Archetype() = default;
};

static_assert(clarify::HttpBackend<Archetype>);

using Client = clarify::RpcClient<Archetype, clarify::NoAuth, support::TextCodec>;

}  // namespace

boost::asio::awaitable<clarify::Result<std::string>> call_over_the_archetype(
    boost::asio::io_context& context) {
    Client client{
        context.get_executor(),
        clarify::Url::parse("http://127.0.0.1/rpc").value(),
        Archetype::make(),
        clarify::NoAuth{}};
    const clarify::Result<std::string> outcome = co_await client.call("method", "{}");
    co_return outcome;
}
