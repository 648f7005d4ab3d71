// SPDX-License-Identifier: BSL-1.0
// The cases about how a codec behaves: what it appends, refuses, keeps and shares.

#ifndef CLARIFY_TESTING_DETAIL_KITS_CODEC_CONTRACT_CASES_HPP
#define CLARIFY_TESTING_DETAIL_KITS_CODEC_CONTRACT_CASES_HPP

#include <clarify/testing/detail/kits/codec_suite.hpp>

namespace clarify::testing::detail {

/// A document with something of everything.
inline constexpr std::string_view codec_sample =
    R"({"a":[1,-2,1234567.25,"text \" \u00e9\u0001",null,true,{}],"b":{"c":[],"d":1234567}})";

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::encoding() {
    check("encode.appends", "encode appends and keeps what is there", [&](CodecProblems& problems) {
        const std::optional<Value> value = decoded<Value>(problems, codec_sample);
        if (!value) return;
        for (const std::string& prefix : {std::string{"{\"params\":"}, std::string(100'000, ' ')}) {
            std::string out = prefix;
            if (!codec_.encode(*value, out)) problems.add("encode failed");
            if (!out.starts_with(prefix)) {
                problems.add("what was in the buffer is gone");
            } else {
                same(problems, codec_sample, std::string_view{out}.substr(prefix.size()));
            }
        }
    });
    check(
        "encode.one_value",
        "encode writes one value, no blanks around",
        [&](CodecProblems& problems) {
            for (const std::string_view text :
                 {codec_sample,
                  std::string_view{"[1]"},
                  std::string_view{"{}"},
                  std::string_view{R"("x")"},
                  std::string_view{"12"},
                  std::string_view{"null"}}) {
                const std::optional<Value> value = decoded<Value>(problems, text);
                if (!value) continue;
                const std::string out = encoded(problems, *value).value_or("");
                constexpr std::string_view strange = " \t\r\n\xEF";
                const bool clean = !out.empty() &&
                    strange.find(out.front()) == std::string_view::npos &&
                    strange.find(out.back()) == std::string_view::npos;
                if (!clean || !read_tree(out))
                    problems.add(excerpt(text) + " became " + excerpt(out));
            }
        });
    check("encode.repeatable", "the same value gives the same text", [&](CodecProblems& problems) {
        const std::optional<Value> value = decoded<Value>(problems, codec_sample);
        const std::optional<Value> again = decoded<Value>(problems, codec_sample);
        if (!value || !again) return;
        const auto first = encoded(problems, *value);
        if (first != encoded(problems, *value)) problems.add("the second text of a value differs");
        if (first != encoded(problems, *again)) problems.add("the text of an equal value differs");
    });
    check("encode.locale", "the locale changes nothing", [&](CodecProblems& problems) {
        const std::optional<Value> value = decoded<Value>(problems, codec_sample);
        if (!value) return;
        const ForeignLocale foreign;
        if (const auto out = encoded(problems, *value)) same(problems, codec_sample, *out);
    });
}

/// Can a document be made of a `From`, which shows as it should? Whatever a double converts to, it has
/// to be a number before NaN can be one that is not.
template <class Codec, bool typed>
template <class From>
bool CodecSuite<Codec, typed>::has_documents_of(const From& from, std::string_view text) const {
    if constexpr (std::convertible_to<From, Value>) {
        return becomes(from, text);
    } else {
        return false;
    }
}

template <class Codec, bool typed>
template <class From, class Body>
void CodecSuite<Codec, typed>::check_made_of(
    bool applies, std::string name, std::string promise, Body body) {
    if constexpr (std::convertible_to<From, Value>) {
        if (applies) return check(std::move(name), std::move(promise), std::move(body));
    }
    report_.skip(
        std::move(name), std::move(promise), "what it is about does not convert to a document");
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::refusals() {
    using Limits = std::numeric_limits<double>;
    const bool numbers = has_documents_of(1.5, "1.5");
    check_made_of<double>(
        numbers, "encode.nan", "NaN is Errc::bad_argument, never text", [&](auto& problems) {
            for (const double nan : {Limits::quiet_NaN(), -Limits::quiet_NaN()})
                refuses_document(problems, nan, "NaN");
        });
    check_made_of<double>(
        numbers, "encode.infinity", "infinity is Errc::bad_argument", [&](auto& problems) {
            refuses_document(problems, Limits::infinity(), "infinity");
            refuses_document(problems, -Limits::infinity(), "-infinity");
        });
    check_made_of<double>(
        numbers, "encode.after_refusal", "a refusal leaves no trace", [&](auto& problems) {
            std::vector<std::string> elsewhere;
            CodecProblems ignored{elsewhere};
            refuses_document(ignored, Limits::quiet_NaN(), "NaN");
            survives(problems, codec_sample);
        });
    const char* const letter = "x";
    check_made_of<const char*>(
        has_documents_of(letter, R"("x")"),
        "encode.utf8",
        "text that is not UTF-8 is Errc::bad_argument",
        [&](auto& problems) {
            for (const char* const text :
                 {"\xFF", "a\xC3", "\x80", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80"})
                refuses_document(problems, text, "the text " + excerpt(text));
        });
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::decoding() {
    check("decode.owns", "a value keeps no reference to the text", [&](CodecProblems& problems) {
        std::string text{codec_sample};
        const std::optional<Value> value = decoded_there<Value>(problems, text);
        text.assign(text.size(), '!');
        if (!value) return;
        if (const auto out = encoded(problems, *value)) same(problems, codec_sample, *out);
    });
    check("decode.const", "decode leaves the text alone", [&](CodecProblems& problems) {
        const std::string text{codec_sample};
        static_cast<void>(decoded_there<Value>(problems, text));
        if (text != codec_sample) problems.add("the text is now " + excerpt(text));
    });
    check("decode.bounds", "decode ends where the text ends", [&](CodecProblems& problems) {
        const auto part = [&](std::string whole, std::size_t length) {
            const std::string_view text = std::string_view{whole}.substr(0, length);
            const std::optional<Value> value = decoded_there<Value>(problems, text);
            if (!value) return;
            if (const auto out = encoded(problems, *value)) same(problems, text, *out);
        };
        part("12345", 2);
        part("[1]]", 3);
        part(R"("a"b")", 3);
        part("1e5e", 3);
        part("{}x", 2);
        part("[0.12]3456", 6);
    });
    check("decode.independent", "values share nothing", [&](CodecProblems& problems) {
        std::optional<Value> first = decoded<Value>(problems, codec_sample);
        const std::optional<Value> second = decoded<Value>(problems, codec_sample);
        std::optional<Value> third = decoded<Value>(problems, R"([{"a":["other"]}])");
        first.reset();
        third.reset();
        if (!second) return;
        if (const auto out = encoded(problems, *second)) same(problems, codec_sample, *out);
    });
    check("decode.locale", "the locale changes nothing", [&](CodecProblems& problems) {
        std::optional<Value> value;
        {
            const ForeignLocale foreign;
            value = decoded<Value>(problems, codec_sample);
        }
        if (!value) return;
        if (const auto out = encoded(problems, *value)) same(problems, codec_sample, *out);
    });
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::whole_codec() {
    constexpr const char* moved_works = "a codec that was moved works";
    constexpr const char* outlived = "values outlive their codec";
    if constexpr (std::copy_constructible<Codec>) {
        check("codec.moved", moved_works, [&](CodecProblems& problems) {
            Codec copy{codec_};
            const Codec moved{std::move(copy)};
            CodecSuite{moved, report_}.survives(problems, codec_sample);
        });
        check("codec.outlived", outlived, [&](CodecProblems& problems) {
            std::optional<Codec> copy{codec_};
            const CodecSuite suite{*copy, report_};
            const std::optional<Value> value =
                suite.template decoded<Value>(problems, codec_sample);
            copy.reset();
            if (!value) return;
            if (const auto out = encoded(problems, *value)) same(problems, codec_sample, *out);
        });
    } else {
        report_.skip("codec.moved", moved_works, "the codec cannot be copied");
        report_.skip("codec.outlived", outlived, "the codec cannot be copied");
    }
    check("codec.threads", "several threads may use a codec at once", [&](CodecProblems& problems) {
        const std::optional<Value> value = decoded<Value>(problems, codec_sample);
        if (!value) return;
        const auto expected = encoded(problems, *value);
        if (!expected) return;
        for (std::string& problem : at_once(codec_sample, *expected))
            problems.add(std::move(problem));
    });
    const std::vector<Error> failures = errors();
    const auto check_errors = [&](std::string name, std::string promise, auto body) {
        if (failures.empty()) {
            report_.skip(
                std::move(name), std::move(promise), "the codec refused none of its texts");
        } else {
            check(std::move(name), std::move(promise), std::move(body));
        }
    };
    check_errors(
        "codec.errors",
        "an error has at most 1 KiB of printable text",
        [&](CodecProblems& problems) {
            for (const Error& error : failures)
                bounded(problems, error);
        });
    check_errors(
        "codec.after_error", "a failure leaves the codec usable", [&](CodecProblems& problems) {
            static_cast<void>(errors());
            survives(problems, codec_sample);
        });
}

template <class Codec, bool typed>
std::vector<std::string> CodecSuite<Codec, typed>::at_once(
    std::string_view text, const std::string& expected) const {
    constexpr std::size_t threads = 4;
    constexpr int rounds = 300;
    std::vector<std::vector<std::string>> found(threads);
    {
        std::vector<std::thread> running;
        const auto start = [&running](auto task) {
            try {
                running.emplace_back(std::move(task));
                return true;
            } catch (const std::system_error&) {
                return false;
            }
        };
        for (std::vector<std::string>& mine : found) {
            const bool started = start([&] {
                CodecProblems problems{mine};
                for (int round = 0; round < rounds && mine.empty(); ++round) {
                    const std::string copy{text};
                    const std::optional<Value> value = decoded_there<Value>(problems, copy);
                    if (value && encoded(problems, *value) != expected)
                        problems.add("a text differs from that of one thread alone");
                }
            });
            if (!started) mine.push_back("the system has no thread for this case");
        }
        for (std::thread& one : running)
            one.join();
    }
    std::vector<std::string> all;
    for (std::vector<std::string>& mine : found)
        all.insert(all.end(), mine.begin(), mine.end());
    return all;
}

template <class Codec, bool typed>
std::vector<Error> CodecSuite<Codec, typed>::errors() const {
    const std::string zeros(100'000, '0');
    std::vector<Error> errors;
    collect_error<Value>(errors, "[1e999]");
    collect_error<Value>(errors, '1' + zeros);
    // A short text is quoted whole by a codec that quotes at all; a long one shows whether it is
    // cut.
    for (const std::string& tail : {std::string{"\""}, zeros + '"'}) {
        const std::string control = R"("\u001b[31m\n\u0000)" + tail;
        const std::string control_key = '{' + control + ':';
        collect_error<Value>(errors, control_key + "1e999}");
        if constexpr (typed) {
            using Map = std::map<std::string, std::int64_t>;
            if constexpr (MappedBy<std::int64_t, Codec>)
                collect_error<std::int64_t>(errors, control);
            if constexpr (MappedBy<Map, Codec>) {
                collect_error<Map>(errors, control_key + control + '}');
            }
            if constexpr (MappedBy<CodecProbe, Codec>) {
                collect_error<CodecProbe>(errors, control_key + "1}");
            }
        }
    }
    return errors;
}

template <class Codec, bool typed>
template <class T>
void CodecSuite<Codec, typed>::collect_error(
    std::vector<Error>& errors, const std::string& text) const {
    try {
        const Result<T> result = codec_.template decode<T>(text);
        if (!result) errors.push_back(result.error());
    } catch (...) {
        // The cases of the type report it.
    }
}

template <class Codec, bool typed>
void CodecSuite<Codec, typed>::bounded(CodecProblems& problems, const Error& error) const {
    const std::string_view message = error.message();
    constexpr std::size_t kibibyte = 1024;
    if (message.size() > kibibyte)
        problems.add("a message has " + std::to_string(message.size()) + " bytes");
    for (const char c : message) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            problems.add("a message has control characters: " + excerpt(message));
            return;
        }
    }
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_CODEC_CONTRACT_CASES_HPP
