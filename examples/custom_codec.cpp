// SPDX-License-Identifier: BSL-1.0
// A JSON library of one's own behind the contract of `JsonCodec`: nlohmann/json by its own parser and
// writer, with whatever types of yours it knows. It goes through the conformance kit, too.

#include <clarify/clarify.hpp>
#include <clarify/testing/check_json_codec.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <exception>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

using nlohmann::json;

// --- The codec ----------------------------------------------------------------------------------

/// A type with functions of its own for the library, such as a macro of it makes.
template <class T>
concept KnownToLibrary = requires(json& document, const json& from, const T& value, T& into) {
    to_json(document, value);
    from_json(from, into);
};

class LibraryCodec {
public:
    using value_type = json;

    template <class T>
    requires(std::same_as<T, json> || KnownToLibrary<T>) clarify::Result<void> encode(
        const T& value, std::string& out)
    const {
        const clarify::Error unfit{clarify::Errc::bad_argument, clarify::Reason::params};
        try {
            const json document = value;
            // The library would write null.
            if (!is_finite(document)) return unfit;
            out += document.dump();  // throws for text that is not UTF-8
            return {};
        } catch (const json::exception&) {
            return unfit;
        }
    }
    template <class T>
    requires(std::same_as<T, json> || KnownToLibrary<T>) clarify::Result<T> decode(
        std::string_view text)
    const {
        const json document = json::parse(text, nullptr, false);
        // The client has seen to it that it is JSON, so it is a number that no double can hold.
        if (document.is_discarded())
            return clarify::Error{clarify::Errc::json, clarify::Reason::number_range};
        try {
            return document.get<T>();
        } catch (const json::exception&) {
            return clarify::Error{clarify::Errc::decode, clarify::Reason::mismatch};
        }
    }

private:
    static bool is_finite(const json& document) {
        if (document.is_number_float()) return std::isfinite(document.get<double>());
        return !document.is_structured() ||
            std::all_of(document.begin(), document.end(), &is_finite);
    }
};

static_assert(clarify::JsonCodec<LibraryCodec>);

// --- A type of yours ------------------------------------------------------------------------------

struct Summary {
    std::map<std::string, json> signalsByInput;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Summary, signalsByInput)

// --- A client over it ---------------------------------------------------------------------------

using Client = clarify::RpcClient<clarify::BeastBackend, clarify::CredentialsAuth, LibraryCodec>;

boost::asio::awaitable<void> insert(Client& client, std::string integration) {
    const json data{{"times", {"2026-01-01T00:00:00Z"}}, {"series", {{"pump/flow", {12.5}}}}};
    const json samples{{"integration", integration}, {"data", data}};
    const auto inserted = co_await client.call<Summary>("integration.insert", samples);
    for (const auto& [input, signal] : inserted.value().signalsByInput)
        std::cout << input << " is signal " << signal.at("id") << '\n';
}

int main() {
    clarify::testing::Emulator emulator;
    clarify::ClientOptions options;
    options.http.tls.ca_pem = emulator.ca_certificate_pem();
    const auto credentials = clarify::Credentials::from_string(emulator.credentials_json()).value();
    boost::asio::io_context context;
    Client client{context.get_executor(), credentials, options};
    bool done = false;
    const auto end = [&](const std::exception_ptr& error) { done = !error; };
    boost::asio::co_spawn(context, insert(client, credentials.integration()), end);
    context.run();

    const auto report = clarify::testing::check_json_codec(LibraryCodec{});
    std::cout << report;
    return done && report.passed() ? 0 : 1;
}
