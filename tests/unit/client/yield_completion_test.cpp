// SPDX-License-Identifier: BSL-1.0
// Stackful coroutines; built where Boost.Context is found.

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/spawn.hpp>

#include <doctest/doctest.h>
#include <support/token_matrix.hpp>

using namespace clarify;
using namespace support;
namespace asio = boost::asio;

TEST_CASE_TEMPLATE(
    "Completion tokens: each operation takes the context of a stackful coroutine",
    Operation,
    CallOperation,
    NotifyOperation,
    BatchOperation) {
    asio::io_context context;
    EchoClient client = make_echo_client(context.get_executor());
    int right = 0;
    for (int i = 0; i != 3; ++i) {
        asio::spawn(
            context,
            [&](asio::yield_context yield) {
                const auto outcome = Operation::start(client, yield);
                if (Operation::is_right(outcome)) ++right;
            },
            asio::detached);
    }
    context.run();
    CHECK(right == 3);
}
