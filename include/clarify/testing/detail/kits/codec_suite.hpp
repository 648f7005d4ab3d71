// SPDX-License-Identifier: BSL-1.0
// The suite behind check_json_codec: which cases there are, and the few questions they are made of.

#ifndef CLARIFY_TESTING_DETAIL_KITS_CODEC_SUITE_HPP
#define CLARIFY_TESTING_DETAIL_KITS_CODEC_SUITE_HPP

#include <clarify/core/result.hpp>
#include <clarify/testing/conformance.hpp>
#include <clarify/testing/detail/kits/codec_tree.hpp>
#include <clarify/testing/detail/kits/codec_types.hpp>

#include <concepts>
#include <cstddef>
#include <deque>
#include <exception>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/// The problems of one case, of which the first few are kept.
class CodecProblems {
public:
    explicit CodecProblems(std::vector<std::string>& found) noexcept : found_(found) {}

    void add(std::string problem) {
        constexpr std::size_t enough = 5;
        if (found_.size() < enough) found_.push_back(std::move(problem));
    }

private:
    std::vector<std::string>& found_;
};

/** Runs all cases on one codec.

    @tparam typed whether C++ types are tried, too.
*/
template <class Codec, bool typed>
class CodecSuite {
public:
    CodecSuite(const Codec& codec, ConformanceReport& report) noexcept
        : codec_(codec), report_(report) {}

    void run() {
        documents();
        large_documents();
        numbers();
        number_limits();
        texts();
        encoding();
        refusals();
        decoding();
        whole_codec();
        scalars();
        containers();
        described();
    }

private:
    using Value = typename Codec::value_type;
    using Texts = std::initializer_list<std::string_view>;

    // Groups of cases.
    void documents();
    void large_documents();
    void numbers();
    void number_limits();
    void texts();
    void encoding();
    void refusals();
    void decoding();
    void whole_codec();
    void scalars();
    void integers();
    void doubles();
    void containers();
    void described();

    /// Adds a case; `body(problems)` reports what is wrong.
    template <class Body>
    void check(std::string name, std::string promise, Body body);
    /// Adds a case about a C++ type, which is not judged where the codec does not map `T`.
    template <class T, class Body>
    void check_type(std::string name, std::string promise, Body body);
    /// Adds a case about documents made of a `From`, if they can be made and `applies`.
    template <class From, class Body>
    void check_made_of(bool applies, std::string name, std::string promise, Body body);
    /// Adds a case: each text comes through `value_type` unharmed.
    void check_texts(std::string name, std::string promise, Texts texts);
    /// Adds a case about a C++ type: none of the texts is a `T`.
    template <class T>
    void check_mismatch(std::string name, std::string promise, Texts texts);

    // Questions. What is wrong goes to `problems`; an exception is wrong everywhere.
    template <class T>
    std::optional<std::string> encoded(CodecProblems& problems, const T& value) const;
    template <class T>
    std::optional<T> decoded(CodecProblems& problems, std::string_view text) const;
    template <class T>
    std::optional<T> decoded_there(CodecProblems& problems, std::string_view text) const;
    /// Does `actual` mean the same as `expected`?
    static void same(CodecProblems& problems, std::string_view expected, std::string_view actual);
    /// Does `text` come back from `value_type`?
    void survives(CodecProblems& problems, std::string_view text) const;
    /// Is `value` written as `text` and read from it?
    template <class T>
    void both_ways(CodecProblems& problems, const T& value, std::string_view text) const;
    template <class T>
    void reads_as(CodecProblems& problems, std::string_view text, const T& expected) const;
    /// Is `value` an `Errc::bad_argument`?
    template <class T>
    void refuses(CodecProblems& problems, const T& value, std::string_view what) const;
    /// The same of a document that is made of `from`.
    template <class From>
    void refuses_document(CodecProblems& problems, const From& from, std::string_view what) const {
        if constexpr (std::convertible_to<From, Value>) {
            const Value value = from;
            refuses(problems, value, what);
        }
    }
    /// Is `text` an `Errc::decode` for a `T`?
    template <class T>
    void mismatches(CodecProblems& problems, std::string_view text) const;

    /// Is a document made of a C++ value written as `text`?
    template <class From>
    bool becomes(const From& from, std::string_view text) const;
    template <class From>
    bool has_documents_of(const From& from, std::string_view text) const;
    /// The errors of texts that most codecs refuse, with much text in them.
    std::vector<Error> errors() const;
    template <class T>
    void collect_error(std::vector<Error>& errors, const std::string& text) const;
    void bounded(CodecProblems& problems, const Error& error) const;
    std::vector<std::string> at_once(std::string_view text, const std::string& expected) const;

    /// A copy of `text` that lasts as long as the suite, in memory that may be written to: a codec
    /// that refers to its text, or changes it, is to fail the case about that rather than to crash.
    std::string_view kept(std::string_view text) const { return texts_.emplace_back(text); }

    const Codec& codec_;
    ConformanceReport& report_;
    mutable std::deque<std::string> texts_;
};

}  // namespace clarify::testing::detail

#include <clarify/testing/detail/kits/impl/codec_suite.hpp>

#endif  // CLARIFY_TESTING_DETAIL_KITS_CODEC_SUITE_HPP
