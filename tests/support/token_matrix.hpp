// SPDX-License-Identifier: BSL-1.0
// Every operation of a client as a function of a completion token, with what it must yield.

#ifndef CLARIFY_TESTS_SUPPORT_TOKEN_MATRIX_HPP
#define CLARIFY_TESTS_SUPPORT_TOKEN_MATRIX_HPP

#include <clarify/auth/no_auth.hpp>
#include <clarify/rpc_client.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <support/echo_backend.hpp>
#include <support/text_codec.hpp>

#include <string>
#include <utility>

namespace support {

using EchoClient = clarify::RpcClient<EchoBackend, clarify::NoAuth, TextCodec>;

inline EchoClient make_echo_client(boost::asio::any_io_executor executor, bool hang = false) {
    return EchoClient{
        std::move(executor),
        clarify::Url::parse("http://127.0.0.1/rpc").value(),
        EchoBackend{hang},
        clarify::NoAuth{}};
}

struct CallOperation {
    using Outcome = clarify::Result<std::string>;
    template <class Token>
    static auto start(EchoClient& client, Token&& token) {
        return client.async_call("m", clarify::no_params, std::forward<Token>(token));
    }
    static bool is_right(const Outcome& outcome) { return outcome && *outcome == R"("m")"; }
};

struct NotifyOperation {
    using Outcome = clarify::Result<void>;
    template <class Token>
    static auto start(EchoClient& client, Token&& token) {
        return client.async_notify("m", clarify::no_params, std::forward<Token>(token));
    }
    static bool is_right(const Outcome& outcome) { return outcome.has_value(); }
};

struct BatchOperation {
    using Outcome = clarify::Result<clarify::BatchResult<std::string>>;
    template <class Token>
    static auto start(EchoClient& client, Token&& token) {
        auto batch = client.make_batch();
        batch.call("a").notify("b").call("c");
        return client.async_call_batch(std::move(batch), std::forward<Token>(token));
    }
    static bool is_right(const Outcome& outcome) {
        return outcome && outcome->size() == 2 && (*outcome)[0].value() == R"("a")" &&
            (*outcome)[1].value() == R"("c")" && !outcome->violation();
    }
};

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_TOKEN_MATRIX_HPP
