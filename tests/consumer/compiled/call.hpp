// What each of the two libraries does, in its own way of compiling: calls a port where nobody
// listens, and tells how large the types are.

#include <boost/asio/io_context.hpp>

#include <array>
#include <cstddef>
#include <string>

using Sizes = std::array<std::size_t, 7>;

template <class Client, class Credentials, class Secret>
std::string call_nobody() {
    boost::asio::io_context context;
    const auto credentials = Credentials::basic("integration", Secret{"s"}, "http://127.0.0.1:1/");
    Client client{context.get_executor(), credentials.value()};
    std::string outcome;
    client.async_call("m", boost::json::object{}, [&](clarify::Result<boost::json::value> result) {
        outcome = to_string(result.error().code());
    });
    context.run();
    return outcome;
}

inline Sizes sizes_here() {
    return {
        sizeof(clarify::Client),
        sizeof(clarify::BeastBackend),
        sizeof(clarify::CredentialsAuth),
        sizeof(clarify::ClientOptions),
        sizeof(clarify::CallOptions),
        sizeof(clarify::Error),
        sizeof(clarify::detail::EngineBase)};
}
