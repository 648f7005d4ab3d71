// SPDX-License-Identifier: BSL-1.0
// What reading hostile JSON allocates, counted: bounds of memory and work that no clock decides.

#include <clarify/api/data_frame.hpp>
#include <clarify/api/labels.hpp>
#include <clarify/api/selection.hpp>
#include <clarify/api/summaries.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/core/detail/json_reader.hpp>
#include <clarify/core/detail/memory_budget.hpp>
#include <clarify/core/rpc_error.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc/batch.hpp>
#include <clarify/rpc/envelope.hpp>

#include <boost/describe/class.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>
#include <support/allocations.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace memory_bound_test {

using namespace clarify;

namespace memory_bound {

struct Wide {
    std::optional<std::string> name;
    std::optional<DataFrame> data;
    std::vector<Item> items;
    std::optional<std::map<std::string, Labels>> labels;
};
BOOST_DESCRIBE_STRUCT(Wide, (), (name, data, items, labels))

struct OneHash {
    std::size_t operator()(const std::string&) const noexcept { return 1; }
};

}  // namespace memory_bound

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

TEST_CASE("JSON: no type that is decoded takes more than the limit, whatever it is made of") {
    using memory_bound::Wide;
    JsonCodecOptions options;
    options.max_parse_memory = 2 * mebibyte;
    const BoostJsonCodec codec{options};
    const auto refused = [&]<class T>(std::type_identity<T>, const std::string& text) {
        const std::size_t live = support::heap().live;
        bool too_large = false;
        const Use use = measure([&] {
            const Result<T> value = codec.decode<T>(text);
            too_large = value.has_error() && value.error().code() == Errc::too_large &&
                value.error().reason() == Reason::parse;
        });
        CAPTURE(text.substr(0, 60));
        CHECK(too_large);
        CHECK(use.peak <= options.max_parse_memory + 65'536);
        CHECK(support::heap().live == live);
    };
    const auto of = [](std::string_view start, const std::string& inside, std::string_view end) {
        return std::string{start} + inside + std::string{end};
    };
    // As many members with different keys, which are numbers.
    const auto members = [](std::string_view value) {
        std::string text = "{";
        for (int i = 0; i != 40'000; ++i)
            text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":" + std::string{value};
        return text + '}';
    };
    const std::string empty = repeated("{}", mebibyte);
    const std::string long_text = '"' + std::string(3 * mebibyte, 'x') + '"';
    const std::type_identity<Selection<clarify::Signal>> signals;
    refused(signals, of(R"({"data":)", empty, "}"));
    refused(signals, of(R"({"data":)", members("{}"), "}"));
    refused(signals, of(R"({"data":[{"id":)", long_text, "}]}"));
    refused(signals, of(R"({"data":[{"labels":)", members("[]"), "}]}"));
    refused(signals, of(R"({"data":[{"enumValues":)", members(R"("")"), "}]}"));
    refused(signals, of(R"({"data":[{"meta":{"annotations":)", members(R"("")"), "}}]}"));
    refused(signals, of(R"({"data":[{"relationships":)", members("{}"), "}]}"));
    refused(signals, of(R"({"data":[{"relationships":{"x":{"data":)", empty, "}}}]}"));
    const std::type_identity<Selection<Item>> items;
    refused(items, of(R"({"included":{"items":)", empty, "}}"));
    refused(items, of(R"({"included":)", repeated(R"({"type":"items"})", mebibyte), "}"));
    const std::type_identity<DataSelection> data;
    refused(data, of(R"({"data":{"series":)", members("[]"), "}}"));
    refused(data, of(R"({"data":{"series":{"a":)", repeated("0", mebibyte), "}}}"));
    const std::type_identity<DataFrame> frame;
    std::string frames = "[";
    for (int i = 0; i != 2'000; ++i) {
        frames += (i == 0 ? "" : ",") + std::string{R"({"times":[")"} +
            Timestamp::from_microseconds(i * 1'000'000).to_string() + R"("],"series":{"a)" +
            std::to_string(i) + R"(":[1]}})";
    }
    refused(frame, frames + ']');
    refused(std::type_identity<InsertResult>{}, of(R"({"signalsByInput":)", members("{}"), "}"));
    refused(
        std::type_identity<SaveSignalsResult>{}, of(R"({"signalsByInput":)", members("{}"), "}"));
    refused(std::type_identity<Labels>{}, of(R"({"a":)", repeated(R"("")", mebibyte), "}"));
    // And inside of other types.
    refused(std::type_identity<std::vector<Item>>{}, empty);
    refused(std::type_identity<std::list<std::optional<Labels>>>{}, empty);
    refused(std::type_identity<std::map<std::string, Item>>{}, members("{}"));
    refused(std::type_identity<std::unordered_map<std::string, DataFrame>>{}, members("{}"));
    refused(std::type_identity<std::vector<std::string>>{}, repeated(R"("")", mebibyte));
    refused(std::type_identity<Wide>{}, of(R"({"items":)", empty, "}"));
    refused(std::type_identity<Wide>{}, of(R"({"items":[],"labels":)", members("{}"), "}"));
    refused(std::type_identity<std::vector<Wide>>{}, repeated(R"({"items":[]})", mebibyte));
}

TEST_CASE("JSON: several parts share a budget") {
    const std::string text = repeated("0", 100'000);
    JsonCodecOptions options;
    options.max_parse_memory = mebibyte;
    const BoostJsonCodec codec{options};
    detail::MemoryBudget budget = codec.budget();
    std::vector<std::vector<int>> parts;
    while (true) {
        Result<std::vector<int>> part = codec.decode<std::vector<int>>(text, budget);
        if (!part) {
            CHECK(part.error().code() == Errc::too_large);
            break;
        }
        parts.push_back(std::move(*part));
        REQUIRE(parts.size() < 10);
    }
    CHECK(parts.size() >= 2);
}

TEST_CASE("JSON: frames take work in proportion to their number, whatever they are made of") {
    const auto work = [](int count, auto make) {
        std::string text = "[";
        for (int i = 0; i != count; ++i)
            text += (i == 0 ? "" : ",") + make(i);
        text += ']';
        detail::MemoryBudget budget{std::size_t{1} << 40U};
        detail::JsonReader in{text, 64, &budget};
        DataFrame frame;
        REQUIRE(in.document([&] { return read_json(in, frame); }));
        return budget.charged();
    };
    const auto column = [](int i) { return R"({"series":{"k)" + std::to_string(i) + R"(":[]}})"; };
    const auto row = [](int i) {
        return R"({"times":[")" + Timestamp::from_microseconds(i * 1'000).to_string() +
            R"("],"series":{"a":[1]}})";
    };
    const auto time = [](int i) {
        return R"({"times":[")" + Timestamp::from_microseconds(i * 1'000).to_string() + R"("]})";
    };
    const auto nothing = [](int) { return std::string{"{}"}; };
    const auto same = [](int) { return std::string{R"({"series":{"a":[],"b":[]}})"}; };
    // A little more than fourfold: sorting takes a logarithm.
    CHECK(work(8'000, column) < 6 * work(2'000, column));
    CHECK(work(8'000, row) < 6 * work(2'000, row));
    CHECK(work(8'000, time) < 6 * work(2'000, time));
    CHECK(work(8'000, nothing) <= 6 * work(2'000, nothing));
    CHECK(work(8'000, same) < 6 * work(2'000, same));
}

TEST_CASE("JSON: keys that are chosen to collide in a hash table are refused") {
    using Collides = std::unordered_map<std::string, int, memory_bound::OneHash>;
    const BoostJsonCodec codec;
    CHECK(codec.decode<Collides>(many_keys(50, false)).has_value());
    const auto refused = codec.decode<Collides>(many_keys(50'000, false));
    REQUIRE(refused.has_error());
    CHECK(refused.error().code() == Errc::too_large);
    CHECK(refused.error().reason() == Reason::parse);
    // Multiples of what a set of so many has for buckets.
    const std::unordered_set<int> full = [] {
        std::unordered_set<int> numbers;
        for (int i = 0; i != 20'000; ++i)
            numbers.insert(i);
        return numbers;
    }();
    std::string text = "[0";
    for (int i = 1; i != 20'000; ++i)
        text += ',' +
            std::to_string(static_cast<long long>(i) * static_cast<long long>(full.bucket_count()));
    CHECK(codec.decode<std::unordered_set<std::int64_t>>(text + ']').has_error());
    using Fine = std::unordered_map<std::string, int>;
    CHECK(codec.decode<Fine>(many_keys(50'000, false)).value().size() == 50'001);
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

}  // namespace memory_bound_test
