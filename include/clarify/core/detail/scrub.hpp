// SPDX-License-Identifier: BSL-1.0
// Takes secrets out of text that a peer wrote, however they are written there.

#ifndef CLARIFY_CORE_DETAIL_SCRUB_HPP
#define CLARIFY_CORE_DETAIL_SCRUB_HPP

#include <clarify/core/secret.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clarify::detail {

/// One or more bytes as they stand in a text: how much of it they take, and what they mean.
struct WrittenBytes {
    std::size_t size = 1;
    char meaning[4]{};
    std::size_t count = 1;
};

/** Finds up to three secrets in text: the door through which all that a peer chose has to pass before
    people are shown it.

    A peer that is sent a secret may send it back, in a page that explains what was wrong with the
    request for one. A secret is known again where it stands

    - plain, and percent-encoded, as in URLs and forms;
    - in a JSON string, also in JSON that a JSON string holds;
    - in HTML, with character references by number or by name (those of ASCII punctuation), also where
      JSON holds the HTML;
    - in base64 of either alphabet, also in the midst of other bytes, as in Basic credentials;
    - in hexadecimal digits.

    Each character may be written in its own way. Texts of fewer than four bytes are no secrets: they
    would be found everywhere.

    Not known again is a secret that was hashed, encrypted or compressed, written in capital letters or
    backwards, encoded twice in other ways than these, torn apart by line ends, blanks or markup, or cut
    short before it came here: what cuts text looks for secrets first. A peer that means to pass a
    secret on has other ways than an error message; this is for those that do not mean to.

    A look at each byte, and no more than some milliseconds of comparing: it is done on the client's
    executor, where others wait. A text made to cost more, which repeats how a secret begins, counts
    as one that holds the secret from there on.

    Making one copies no secret and allocates nothing.
*/
class SecretFinder {
public:
    /// The secrets must outlive the finder.
    explicit SecretFinder(
        std::string_view secret,
        std::string_view second = {},
        std::string_view third = {}) noexcept;

    bool is_in(std::string_view text) const noexcept;
    /// Replaces every occurrence by `****`; false if there is none.
    bool scrub(std::string& text) const;
    /// The beginning of `text` with every occurrence replaced: no less than `size` bytes if there
    /// are as many, and a few more at most. Only what is read for it costs anything.
    std::string scrubbed_front(std::string_view text, std::size_t size) const;
    /// `at`, or the end of an occurrence that lies across it.
    std::size_t behind_secret(std::string_view text, std::size_t at) const noexcept;

private:
    static constexpr std::size_t shortest = 4;
    /// JSON in a string in JSON has at most so many before what they escape.
    static constexpr std::size_t most_backslashes = 4;
    /// How much text a character may take: a reference, whose ampersand is escaped.
    static constexpr std::size_t longest_letter = 24;
    enum class Letters : unsigned char { exact, hex, base64 };
    /// One way to write a secret; its letters are worked out when they are looked at.
    struct Form {
        char letter(std::size_t i) const noexcept;

        std::string_view secret;
        Letters letters = Letters::exact;
        /// In base64, how many bytes stand before the secret, modulo three.
        unsigned before = 0;
        std::size_t size = 0;
    };
    struct Span {
        std::size_t begin;
        std::size_t size;
    };

    void add(std::string_view secret) noexcept;
    void add(const Form& form) noexcept;
    /// For each byte the forms, as bits, that may have it at some place.
    using Table = std::array<std::uint16_t, 256>;
    void mark(Table& table, const Form& form, char letter) noexcept;
    /// The forms whose second letter may stand at `at`.
    unsigned second_at(std::string_view text, std::size_t at) const noexcept;
    /// The forms that may begin at `at`, by their first two letters.
    unsigned begin_at(std::string_view text, std::size_t at) const noexcept;
    /// The first occurrence that begins in [from, until), or `until` and no size. `work` is how
    /// many bytes may still be compared.
    Span find(std::string_view text, std::size_t from, std::size_t until, std::size_t& work)
        const noexcept;
    /// The occurrence of a form at the beginning of `text`, in whatever way it is written.
    static std::size_t match_any(
        std::string_view text, const Form& form, std::size_t& work) noexcept;
    static std::size_t match(
        std::string_view text,
        const Form& form,
        unsigned read,
        unsigned& met,
        std::size_t& work) noexcept;
    static WrittenBytes read_escape(std::string_view text, char own, unsigned read) noexcept;
    /// How many letters may be compared beyond the first two, and how often. Text of 16 MiB that was
    /// not made to cost time needs a third of that.
    static constexpr std::size_t most_work = std::size_t{1} << 20U;
    static std::size_t work_for(std::size_t size) noexcept {
        return (std::min)(4096 + 8 * size, most_work);
    }
    /// How much text an occurrence may take: hexadecimal digits, each of them escaped.
    std::size_t reach() const noexcept { return 2 * longest_letter * longest_; }

    std::array<Form, 15> forms_;
    std::size_t count_ = 0;
    std::size_t longest_ = 0;
    Table firsts_{};
    Table seconds_{};
};

/** Finds what an `Authorization` value says: the credentials that follow the scheme, or all of it
    where there is no scheme, and the password in them where the scheme is Basic (RFC 7617); and
    another secret, which is never sent.
*/
class Scrubber {
public:
    /// Both may be empty, and must outlive the scrubber.
    explicit Scrubber(std::string_view authorization, std::string_view kept = {});
    Scrubber(const Scrubber&) = delete;
    Scrubber& operator=(const Scrubber&) = delete;

    bool finds(std::string_view text) const noexcept { return finder_.is_in(text); }
    bool scrub(std::string& text) const { return finder_.scrub(text); }
    std::string scrubbed_front(std::string_view text, std::size_t size) const {
        return finder_.scrubbed_front(text, size);
    }
    std::size_t behind_secret(std::string_view text, std::size_t at) const noexcept {
        return finder_.behind_secret(text, at);
    }

private:
    static std::string_view credentials_in(std::string_view authorization) noexcept;
    static Secret password_in(std::string_view authorization);

    Secret password_;
    SecretFinder finder_;
};

}  // namespace clarify::detail

#include <clarify/core/detail/impl/scrub.hpp>

#endif  // CLARIFY_CORE_DETAIL_SCRUB_HPP
