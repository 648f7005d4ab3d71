// SPDX-License-Identifier: BSL-1.0
// Bodies of the questions that the cases for codecs are made of.

#ifndef CLARIFY_TESTING_DETAIL_KITS_IMPL_CODEC_SUITE_HPP
#define CLARIFY_TESTING_DETAIL_KITS_IMPL_CODEC_SUITE_HPP

#include <clarify/testing/detail/kits/codec_suite.hpp>

namespace clarify::testing::detail {

/// Calls `body`; an exception that escapes becomes a problem. Policies return errors.
template <class Body>
void no_throw(CodecProblems& problems, std::string_view doing, Body body) {
    std::string thrown;
    try {
        body();
        return;
    } catch (const std::exception& error) {
        thrown = error.what();
    } catch (...) {
        thrown = "something";
    }
    problems.add(std::string{doing} + " threw instead of returning an Error: " + excerpt(thrown));
}

template <class Codec, bool typed>
template <class Body>
void CodecSuite<Codec, typed>::check(std::string name, std::string promise, Body body) {
    report_.run(std::move(name), std::move(promise), [&](ConformanceCase& one) {
        CodecProblems problems{one.problems};
        body(problems);
    });
}

template <class Codec, bool typed>
template <class T, class Body>
void CodecSuite<Codec, typed>::check_type(std::string name, std::string promise, Body body) {
    // The body is generic, so that for other types nothing of it is compiled.
    if constexpr (!typed) {
        report_.skip(std::move(name), std::move(promise), "only documents were asked about");
    } else if constexpr (!MappedBy<T, Codec>) {
        report_.skip(
            std::move(name),
            std::move(promise),
            "the codec does not map the type of this group both ways");
    } else {
        check(std::move(name), std::move(promise), std::move(body));
    }
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::check_texts(std::string name, std::string promise, Texts texts) {
    check(std::move(name), std::move(promise), [&](CodecProblems& problems) {
        for (const std::string_view text : texts)
            survives(problems, text);
    });
}

template <class Codec, bool typed>
template <class T>
void CodecSuite<Codec, typed>::check_mismatch(std::string name, std::string promise, Texts texts) {
    check_type<T>(std::move(name), std::move(promise), [&](auto& problems) {
        for (const std::string_view text : texts)
            mismatches<T>(problems, text);
    });
}

template <class Codec, bool typed>
template <class T>
std::optional<std::string> CodecSuite<Codec, typed>::encoded(
    CodecProblems& problems, const T& value) const {
    std::optional<std::string> text;
    no_throw(problems, "encode", [&] {
        std::string out;
        const Result<void> done = codec_.encode(value, out);
        if (done) {
            text = std::move(out);
        } else {
            problems.add("encode failed: " + excerpt(done.error().to_string()));
        }
    });
    return text;
}

template <class Codec, bool typed>
template <class T>
std::optional<T> CodecSuite<Codec, typed>::decoded(
    CodecProblems& problems, std::string_view text) const {
    return decoded_there<T>(problems, kept(text));
}

template <class Codec, bool typed>
template <class T>
std::optional<T> CodecSuite<Codec, typed>::decoded_there(
    CodecProblems& problems, std::string_view text) const {
    std::optional<T> value;
    no_throw(problems, "decode of " + excerpt(text), [&] {
        Result<T> result = codec_.template decode<T>(text);
        if (result) {
            value.emplace(std::move(*result));
        } else {
            problems.add(
                "decode of " + excerpt(text) + " failed: " + excerpt(result.error().to_string()));
        }
    });
    return value;
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::same(
    CodecProblems& problems, std::string_view expected, std::string_view actual) {
    if (actual == expected) return;
    const std::optional<CodecTree> tree = read_tree(actual);
    if (!tree) {
        problems.add(excerpt(actual) + " is not one JSON value");
        return;
    }
    const std::string found = difference(read_tree(expected).value(), *tree);
    if (found.empty()) return;
    const std::string where = found.starts_with('/') ? "" : "it";
    problems.add(excerpt(expected) + " became " + excerpt(actual) + ": " + where + found);
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::survives(CodecProblems& problems, std::string_view text) const {
    const std::optional<Value> value = decoded<Value>(problems, text);
    if (!value) return;
    if (const auto back = encoded(problems, *value)) same(problems, text, *back);
}

template <class Codec, bool typed>
template <class T>
void CodecSuite<Codec, typed>::both_ways(
    CodecProblems& problems, const T& value, std::string_view text) const {
    if (const auto written = encoded(problems, value)) same(problems, text, *written);
    reads_as(problems, text, value);
}

template <class Codec, bool typed>
template <class T>
void CodecSuite<Codec, typed>::reads_as(
    CodecProblems& problems, std::string_view text, const T& expected) const {
    const std::optional<T> read = decoded<T>(problems, text);
    if (read && !(*read == expected)) problems.add(excerpt(text) + " was read as another value");
}

template <class Codec, bool typed>
template <class T>
void CodecSuite<Codec, typed>::refuses(
    CodecProblems& problems, const T& value, std::string_view what) const {
    no_throw(problems, "encode", [&] {
        std::string out;
        const Result<void> done = codec_.encode(value, out);
        if (done) {
            problems.add(std::string{what} + " was written as " + excerpt(out));
        } else if (done.error().code() != Errc::bad_argument) {
            problems.add(
                std::string{what} + " gives " + excerpt(done.error().to_string()) +
                " rather than Errc::bad_argument");
        }
    });
}

template <class Codec, bool typed>
template <class T>
void CodecSuite<Codec, typed>::mismatches(CodecProblems& problems, std::string_view text) const {
    no_throw(problems, "decode of " + excerpt(text), [&] {
        const Result<T> result = codec_.template decode<T>(kept(text));
        if (result) {
            problems.add(excerpt(text) + " was accepted");
        } else if (result.error().code() != Errc::decode) {
            problems.add(
                excerpt(text) + " gives " + excerpt(result.error().to_string()) +
                " rather than Errc::decode");
        }
    });
}

template <class Codec, bool typed>
template <class From>
bool CodecSuite<Codec, typed>::becomes(const From& from, std::string_view text) const {
    std::vector<std::string> found;
    CodecProblems problems{found};
    const Value value = from;
    if (const auto out = encoded(problems, value)) same(problems, text, *out);
    return found.empty();
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_IMPL_CODEC_SUITE_HPP
