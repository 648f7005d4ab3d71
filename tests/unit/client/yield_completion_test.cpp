// SPDX-License-Identifier: BSL-1.0
// Stackful coroutines; built where Boost.Context is found.

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/spawn.hpp>

#include <doctest/doctest.h>
#include <support/token_matrix.hpp>

namespace yield_completion_test {

using namespace clarify;
using namespace support;
namespace asio = boost::asio;

TEST_CASE_TEMPLATE(
    "Completion tokens: each operation takes the context of a stackful coroutine",
    Operation,
    CallOperation,
    NotifyOperation,
    BatchOperation,
    InsertOfSeveral,
    PageOperation) {
    asio::io_context context;
    OperationBench bench{context.get_executor()};
    int right = 0;
    asio::spawn(
        context,
        [&](asio::yield_context yield) {
            for (int i = 0; i != 3; ++i) {
                const auto outcome = Operation::start(bench, yield);
                if (outcome) ++right;
            }
        },
        asio::detached);
    context.run();
    CHECK(right == 3);
}

}  // namespace yield_completion_test
