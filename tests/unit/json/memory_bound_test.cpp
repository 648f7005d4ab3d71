// SPDX-License-Identifier: BSL-1.0
// What reading hostile JSON allocates, counted: bounds of memory and work that no clock decides.

#include <clarify/core/rpc_error.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc/batch.hpp>
#include <clarify/rpc/envelope.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>
#include <support/allocations.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace clarify;

namespace {

struct Use {
    std::size_t peak = 0;
    std::size_t total = 0;
    std::size_t blocks = 0;
};

template <class F>
Use measure(F&& f) {
    support::Heap& heap = support::heap();
    const std::size_t live = heap.live;
    const std::size_t total = heap.total;
    const std::size_t blocks = heap.blocks;
    heap.peak = live;
    f();
    return {heap.peak - live, heap.total - total, heap.blocks - blocks};
}

std::string repeated(std::string_view part, std::size_t size) {
    std::string text = "[";
    text.reserve(size + part.size() + 2);
    while (text.size() < size) {
        text += part;
        text += ',';
    }
    text += part;
    return text += ']';
}

std::string many_keys(std::size_t count, bool same) {
    std::string text = "{";
    for (std::size_t i = 0; i != count; ++i) {
        text += same ? "\"k\":0," : '"' + std::to_string(i) + "\":0,";
    }
    return text += "\"last\":0}";
}

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

}  // namespace

TEST_CASE("JSON: an envelope is checked without memory of its own, whatever is in it") {
    const std::string reply = R"({"jsonrpc":"2.0","id":7,"result":)";
    for (const std::string& body :
         {std::string(mebibyte, '['),
          reply + std::string(63, '[') + std::string(63, ']') + '}',
          reply + repeated("0", mebibyte) + '}',
          reply + repeated("[]", mebibyte) + '}',
          reply + many_keys(50'000, false) + '}',
          "{\"jsonrpc\":\"2.0\"," + many_keys(50'000, true).substr(1),
          "{\"id\":" + std::string(mebibyte, '9') + '}',
          reply + '"' + std::string(mebibyte, 'x') + "\"}"}) {
        const Use use = measure([&] {
            const auto result = rpc::read_response(body, 7, 64);
            if (result) CHECK(result->size() + reply.size() + 1 == body.size());
        });
        CAPTURE(body.substr(0, 60));
        CHECK(use.total < 4'096);
        CHECK(use.blocks < 64);
    }
}

TEST_CASE("JSON: decoding stays within its memory limit, and gives all back where it is refused") {
    JsonCodecOptions options;
    options.max_parse_memory = 2 * mebibyte;
    const BoostJsonCodec codec{options};
    const auto refused = [&]<class T>(std::string_view text, std::optional<T>) {
        const std::size_t live = support::heap().live;
        bool too_large = false;
        const Use use = measure([&] {
            const Result<T> value = codec.decode<T>(text);
            too_large = value.has_error() && value.error().code() == Errc::too_large &&
                value.error().reason() == Reason::parse;
        });
        CAPTURE(text.substr(0, 40));
        CHECK(too_large);
        // The scratch memory of the builder doubles as it grows.
        CHECK(use.peak <= 2 * options.max_parse_memory);
        CHECK(use.total <= 4 * options.max_parse_memory);
        CHECK(support::heap().live == live);
    };
    for (const std::string& text :
         {repeated("0", mebibyte),
          repeated("[]", mebibyte),
          repeated("{}", mebibyte),
          repeated("\"\"", mebibyte),
          repeated(R"({"a":0})", 160'000),
          many_keys(100'000, false),
          many_keys(200'000, true),
          repeated("[[[[[[[[]]]]]]]]", mebibyte),
          '"' + std::string(3 * mebibyte, 'x') + '"'}) {
        refused(text, std::optional<boost::json::value>{});
    }
    using Map = std::map<std::string, int>;
    refused(many_keys(100'000, false), std::optional<Map>{});
    refused(repeated("[]", mebibyte), std::optional<std::vector<std::vector<int>>>{});
}

TEST_CASE("JSON: nobody can foresee the capacity of a large object, and choose keys that collide") {
    const std::string text = many_keys(1'024, false);
    const BoostJsonCodec codec;
    const auto capacity = [&] {
        return codec.decode<boost::json::object>(text).value().capacity();
    };
    const std::size_t first = capacity();
    bool varies = false;
    for (int i = 0; i != 50; ++i)
        varies = varies || capacity() != first;
    CHECK(varies);
}

TEST_CASE("JSON: an error with huge data is read with a bounded amount of memory") {
    RpcError error;
    const std::string long_path(mebibyte, 'p');
    error.data = "{\"params\":{\"" + long_path + "\":" + repeated("\"m\"", 4 * mebibyte) + "}}";
    ErrorData data;
    const Use use = measure([&] { data = error.clarify_data(); });
    CHECK(data.params.size() == 3);
    CHECK(use.peak <= 8 * mebibyte);
}

TEST_CASE("JSON: one error for a large batch is kept once") {
    const std::string body = R"({"jsonrpc":"2.0","id":null,"error":{"code":1,"message":")" +
        std::string(mebibyte, 'm') + "\"}}";
    std::vector<rpc::BatchSlot> slots;
    for (int id = 0; id != 1'000; ++id)
        slots.emplace_back(id);
    std::optional<Error> violation;
    const Use use =
        measure([&] { CHECK(rpc::read_batch(body, slots, violation, 64).has_value()); });
    CHECK(slots.back().error->rpc()->message.size() == mebibyte);
    CHECK(use.peak <= 4 * mebibyte);
}
