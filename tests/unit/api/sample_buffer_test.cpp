// SPDX-License-Identifier: BSL-1.0
// Samples collected, and what is made of them: frames, and the parts of an insert.

#include <clarify/api/data_frame.hpp>
#include <clarify/api/detail/sample_groups.hpp>
#include <clarify/api/detail/sample_parts.hpp>
#include <clarify/api/field_errors.hpp>
#include <clarify/api/sample_buffer.hpp>

#include <doctest/doctest.h>
#include <support/allocations.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sample_buffer_test {

using namespace clarify;

namespace {

constexpr double absent = DataFrame::missing;

Timestamp millisecond(std::int64_t count) {
    return Timestamp::from_microseconds(1'767'225'600'000'000 + count * 1'000);
}

/// Samples as a naive model: key and time to value.
using Model = std::map<std::string, std::map<std::int64_t, double>>;

void add_to(Model& model, const DataFrame& frame) {
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        for (const DataFrame::Row row : frame.rows()) {
            if (std::isnan(row[i])) continue;
            // No sample comes twice.
            CHECK(model[frame.key(i)].emplace(row.time().microseconds(), row[i]).second);
        }
    }
}

Model model_of(const DataFrame& frame) {
    Model model;
    add_to(model, frame);
    return model;
}

/// How samples may lie in time, of `inputs` inputs with about `rows` samples each.
struct Shape {
    const char* name;
    void (*fill)(SampleBuffer&, int inputs, int rows);
};

std::string key_of(int input) { return "plant/sensor" + std::to_string(input); }

constexpr Shape shapes[] = {
    {"all shared",
     [](SampleBuffer& out, int inputs, int rows) {
         for (int row = 0; row != rows; ++row) {
             for (int i = 0; i != inputs; ++i)
                 out.add(key_of(i), millisecond(row * 1'000), i + row / 4.0);
         }
     }},
    {"none shared",
     [](SampleBuffer& out, int inputs, int rows) {
         std::mt19937 random{1};
         for (int n = 0; n != inputs * rows; ++n) {
             const int input = static_cast<int>(random() % static_cast<unsigned>(inputs));
             out.add(key_of(input), millisecond(n), (n % 1'000) / 8.0);
         }
     }},
    {"half of the samples shared",
     [](SampleBuffer& out, int inputs, int rows) {
         for (int row = 0; row != rows; ++row) {
             for (int i = 0; i != inputs; ++i)
                 out.add(key_of(i), millisecond(row * 10'000 + (row % 2) * (1 + i)), row);
         }
     }},
    {"half of the inputs share theirs",
     [](SampleBuffer& out, int inputs, int rows) {
         for (int row = 0; row != rows; ++row) {
             for (int i = 0; i != inputs; ++i)
                 out.add(key_of(i), millisecond(row * 10'000 + (i % 2) * (1 + i)), row);
         }
     }},
    {"one fast among many slow",
     [](SampleBuffer& out, int inputs, int rows) {
         const int slow = (std::max)(1, rows / 50);
         for (int row = 0; row != rows * 50; ++row)
             out.add("fast", millisecond(row), 0.5);
         for (int row = 0; row != slow; ++row) {
             for (int i = 0; i != inputs; ++i)
                 out.add(key_of(i), millisecond(row * 50'000 + i), row);
         }
     }},
    {"devices with gaps",
     [](SampleBuffer& out, int inputs, int rows) {
         std::mt19937 random{1};
         for (int row = 0; row != rows; ++row) {
             for (int i = 0; i != inputs; ++i) {
                 if (random() % 10 == 0) continue;
                 // Those of a device are not neighbours by their keys.
                 const int device = i % (inputs / 5 + 1);
                 out.add(key_of(i), millisecond(row * 10'000 + device), row);
             }
         }
     }},
    {"one sample each",
     [](SampleBuffer& out, int inputs, int rows) {
         for (int i = 0; i != inputs * rows / 10; ++i)
             out.add(key_of(i), millisecond(i * 7), i);
     }},
};

/// Bytes that the samples take by themselves, as text: columns with the same times share those.
std::size_t least_text(const SampleTable& table) {
    std::map<std::vector<std::int64_t>, bool> clocks;
    std::size_t size = 0;
    for (const auto& [key, samples] : table) {
        std::vector<std::int64_t> times;
        for (const Sample& sample : samples) {
            times.push_back(sample.time.microseconds());
            size += 2 + static_cast<std::size_t>(std::abs(sample.value) >= 100 ? 3 : 1);
        }
        size += key.size() + 4;
        if (clocks.emplace(std::move(times), true).second) size += samples.size() * 22;
    }
    return size;
}

struct Sent {
    std::size_t requests = 0;
    std::size_t bytes = 0;
    std::size_t samples = 0;
    Model model;
};

/// What is sent of a buffer, in requests of at most `limit` bytes.
Sent send(SampleBuffer buffer, std::size_t limit, bool read = true) {
    detail::SampleParts parts{detail::SampleAccess::take(buffer), limit};
    REQUIRE(parts.check_size().has_value());
    Sent sent;
    std::string text;
    while (const detail::SamplePart* const part = parts.next()) {
        text.clear();
        append_json(text, *part);
        if (limit != 0) CHECK(text.size() <= limit);
        sent.bytes += text.size();
        sent.samples += part->size();
        ++sent.requests;
        if (!read) continue;
        DataFrame frame;
        REQUIRE(read_json_text(text, frame).has_value());
        add_to(sent.model, frame);
    }
    return sent;
}

}  // namespace

TEST_CASE("SampleBuffer: samples in any order become normalised frames") {
    std::mt19937 random{1};
    SampleBuffer buffer;
    for (int round = 0; round != 200; ++round) {
        Model model;
        for (std::size_t i = random() % 100; i != 0; --i) {
            const std::int64_t time = random() % 30;
            const std::string key(1, static_cast<char>('a' + random() % 5));
            const double value = random() % 6 == 0 ? absent : static_cast<double>(random() % 100);
            buffer.add(key, millisecond(time), value);
            if (!std::isnan(value)) model[key][millisecond(time).microseconds()] = value;
        }
        std::size_t count = 0;
        for (const auto& [key, samples] : model)
            count += samples.size();
        buffer.normalize();
        CHECK(buffer.size() == count);
        const Sent sent = send(buffer, 2'000);
        CHECK(sent.model == model);
        Model taken;
        for (const DataFrame& frame : buffer.take()) {
            CHECK(frame.is_normalized());
            add_to(taken, frame);
        }
        CHECK(buffer.empty());
        CHECK(buffer.inputs() == 0);
        CHECK(taken == model);
    }
}

TEST_CASE("SampleBuffer: takes the samples of frames, the keys of their columns too") {
    DataFrame frame;
    frame.append(millisecond(2), {{"a", 1}, {"b", absent}});
    frame.append(millisecond(1), {{"a", 2}});
    frame.append(millisecond(2), {{"a", 3}});
    SampleBuffer buffer;
    buffer.add(frame);
    CHECK(buffer.size() == 3);
    CHECK(buffer.inputs() == 2);
    const std::vector<DataFrame> frames = buffer.take();
    REQUIRE(frames.size() == 1);
    frame.normalize();
    CHECK(frames.front() == frame);
    CHECK(buffer.take().empty());

    buffer.add("only a key", millisecond(1), absent);
    CHECK(buffer.empty());
    REQUIRE(buffer.take().size() == 1);
}

TEST_CASE("SampleBuffer: memory grows with the samples, whatever the inputs and times") {
    for (const Shape& shape : shapes) {
        CAPTURE(shape.name);
        for (const int scale : {1, 4}) {
            SampleBuffer buffer;
            shape.fill(buffer, 100 * scale, 40);
            buffer.normalize();
            const std::size_t samples = buffer.size();
            const std::size_t inputs = buffer.inputs();
            // A table of all would take 8 bytes for each of inputs x times.
            const std::size_t bound = samples * 8 * 12 + inputs * 2'000 + (2U << 20U);

            const std::size_t before = support::heap().live;
            support::heap().peak = before;
            SampleBuffer copy = buffer;
            const Sent sent = send(std::move(copy), 8'000'000, false);
            CHECK(support::heap().peak - before <= bound + 2 * sent.bytes);
            CHECK(sent.samples == samples);

            support::heap().peak = before;
            const std::vector<DataFrame> frames = buffer.take();
            CHECK(support::heap().peak - before <= 2 * bound);
            std::size_t cells = 0;
            std::size_t values = 0;
            for (const DataFrame& frame : frames) {
                cells += frame.size() * frame.columns();
                values += frame.value_count();
            }
            CHECK(values == samples);
            CHECK(cells <= 10 * samples + 131'072);
        }
    }
}

TEST_CASE("SampleParts: what is sent stays near what the samples take, in few requests") {
    for (const Shape& shape : shapes) {
        CAPTURE(shape.name);
        for (const int inputs : {20, 400}) {
            CAPTURE(inputs);
            SampleBuffer buffer;
            shape.fill(buffer, inputs, 40);
            buffer.normalize();
            const std::size_t samples = buffer.size();
            SampleBuffer copy = buffer;
            const std::size_t least = least_text(detail::SampleAccess::take(copy));
            const Sent sent = send(buffer, 8'000'000, false);
            CHECK(sent.samples == samples);
            // Most of it is what is permitted to be missing.
            CHECK(sent.bytes <= 11 * least + (1U << 17U) + 100 * sent.requests);
            // Few inputs are one request, and many are not one each.
            if (inputs == 20) CHECK(sent.requests <= 2);
            CHECK(sent.requests <= 2 + buffer.inputs() / 32);
        }
    }
}

TEST_CASE("SampleParts: every part fits, and no sample is left out or sent twice") {
    for (const Shape& shape : shapes) {
        CAPTURE(shape.name);
        SampleBuffer buffer;
        shape.fill(buffer, 30, 12);
        Model model;
        for (const DataFrame& frame : SampleBuffer{buffer}.take())
            add_to(model, frame);
        for (const std::size_t limit : {150U, 400U, 3'000U, 100'000U, 0U}) {
            CAPTURE(limit);
            const Sent sent = send(buffer, limit);
            CHECK(sent.model == model);
            if (limit == 0) CHECK(sent.requests == 1);
        }
    }
    SampleBuffer one;
    one.add("a", millisecond(1), 1);
    const detail::SampleParts too_small{detail::SampleAccess::take(one), 80};
    CHECK(too_small.check_size().error().reason() == Reason::request);
    CHECK(send(SampleBuffer{}, 1'000).requests == 0);
}

TEST_CASE("SampleParts: inputs without a sample go along") {
    for (const int others : {0, 1, 100}) {
        for (const std::size_t limit : {500U, 8'000'000U, 0U}) {
            SampleBuffer buffer;
            for (int i = 0; i != others; ++i)
                buffer.add("a", millisecond(i), i);
            buffer.add("b", millisecond(3), absent);
            buffer.add("c", millisecond(4), absent);
            detail::SampleParts parts{detail::SampleAccess::take(buffer), limit};
            std::string all;
            while (const detail::SamplePart* const part = parts.next()) {
                std::string text;
                append_json(text, *part);
                if (limit != 0) CHECK(text.size() <= limit);
                all += text;
            }
            CHECK(all.find(R"("b":[)") != std::string::npos);
            CHECK(all.find(R"("b":[)") == all.rfind(R"("b":[)"));
            CHECK(all.find(R"("c":[)") != std::string::npos);
        }
    }
}

TEST_CASE("SampleParts: what cannot be inserted is named with its path") {
    SampleBuffer buffer;
    buffer.add("bad key", millisecond(1), 1);
    buffer.add("x", millisecond(0), std::numeric_limits<double>::infinity());
    buffer.add("late", Timestamp::max(), 1);
    FieldErrors errors;
    detail::check(detail::SampleAccess::take(buffer), "data", errors);
    REQUIRE(errors.size() == 3);
    CHECK(errors.all()[0].path == "data.series.bad key");
    CHECK(errors.all()[1].path == "data.series.late");
    CHECK(errors.all()[2].message == "is infinite at 2026-01-01T00:00:00Z");
}

TEST_CASE("SampleParts: a frame of little but missing values is better divided") {
    DataFrame dense;
    DataFrame sparse;
    for (int row = 0; row != 400; ++row) {
        const std::size_t added = dense.add_row(millisecond(row));
        for (int i = 0; i != 20; ++i)
            dense.set(added, dense.add_column(key_of(i)), i);
        sparse.append(millisecond(row), {{key_of(row % 300), row}});
    }
    CHECK(detail::is_worth_one_request(dense, 8'000'000));
    CHECK_FALSE(detail::is_worth_one_request(dense, 100'000));
    CHECK_FALSE(detail::is_worth_one_request(sparse, 8'000'000));
    CHECK(detail::is_worth_one_request(sparse.part(0, 80), 8'000'000));
    CHECK(model_of(sparse).size() == 300);
}

}  // namespace sample_buffer_test
