// SPDX-License-Identifier: BSL-1.0
// Finds a secret in text that a peer wrote, however it is written there.

#ifndef CLARIFY_CORE_DETAIL_SECRET_FINDER_HPP
#define CLARIFY_CORE_DETAIL_SECRET_FINDER_HPP

#include <clarify/core/secret.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::detail {

/** Finds one secret in text: plain, percent-encoded, as in JSON, in base64 (either alphabet, also
    in the midst of other bytes), or in hexadecimal digits.

    A peer that is sent a secret may send it back, in a page that explains what was wrong with the
    request for one. Texts of fewer than four bytes are no secrets: they would be found everywhere.

    The work is bounded by the size of the text. A text made to cost more, which repeats how a long
    secret begins, counts as one that holds the secret from there on.
*/
class SecretFinder {
public:
    explicit SecretFinder(std::string_view secret);

    bool is_in(std::string_view text) const noexcept;
    /// Replaces every occurrence by `****`.
    void scrub(std::string& text) const;

private:
    static constexpr std::size_t shortest = 4;
    enum class Letters { exact, base64, hex };
    // Not a `Secret`, whose page would cost more than the search.
    struct Form {
        Form(std::string&& own, Letters how) : text(std::move(own)), letters(how) {}
        Form(Form&& other) noexcept : text(std::move(other.text)), letters(other.letters) {
            Secret::wipe(other.text);
        }
        ~Form() { Secret::wipe(text); }

        std::string text;
        Letters letters;
    };
    struct Span {
        std::size_t begin;
        std::size_t size;
    };

    void add(std::string&& text, Letters letters);
    /// The first occurrence at or after `from`; its size is 0 where there is none. `work` is how
    /// many bytes may still be compared.
    Span find(std::string_view text, std::size_t from, std::size_t& work) const noexcept;
    static std::size_t match(
        std::string_view text, const Form& form, bool escaped, std::size_t& work) noexcept;
    static std::size_t work_for(std::string_view text) noexcept { return 4096 + 8 * text.size(); }

    std::vector<Form> forms_;
    /// For each byte the forms, as bits, that may begin with it.
    std::array<unsigned char, 256> starts_{};
};

}  // namespace clarify::detail

#include <clarify/core/detail/impl/secret_finder.hpp>

#endif  // CLARIFY_CORE_DETAIL_SECRET_FINDER_HPP
