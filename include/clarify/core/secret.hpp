// SPDX-License-Identifier: BSL-1.0
// Text that must not leak: passwords, client secrets, tokens, authorization headers.

#ifndef CLARIFY_CORE_SECRET_HPP
#define CLARIFY_CORE_SECRET_HPP

#include <clarify/core/detail/config.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace clarify {

/** Owns a secret text.

    It has no conversion to text, no stream operator and no formatter: the only way to its content
    is `expose()`, which is easy to search for. The memory is overwritten when the object is destroyed
    or assigned to; on Linux it is a page of its own, which core dumps leave out. It may still be
    swapped out, and a copy that somebody makes of what `expose()` gives is out of its hands.

    ```cpp
    std::string line = read_password();
    const clarify::Secret password{std::move(line)};  // line is overwritten and empty now
    ```

    @par Errors
    Constructors and copies throw `std::bad_alloc` where there is no memory.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class Secret {
public:
    /// An empty text, which takes no memory.
    Secret() = default;
    /// Copies `text`, which may hold zero bytes. The caller's own copy is the caller's to `wipe`.
    explicit Secret(std::string_view text);
    /// Copies `text`, and wipes the string it came in: its whole buffer, also what is behind its end.
    explicit Secret(std::string&& text);
    /// Copies a text that ends with a zero byte; `text` is not null.
    explicit Secret(const char* text) : Secret(std::string_view{text}) {}

    /// Copies the text into memory of its own.
    Secret(const Secret& other) : Secret(other.expose()) {}
    /// Takes the text over; `other` is empty then.
    Secret(Secret&& other) noexcept;
    /// Overwrites the old text, once the new one is in place.
    Secret& operator=(Secret other) noexcept;
    /// Overwrites the text.
    ~Secret();

    /// The text itself, valid while the object lives and is not assigned to or moved from. Do not log
    /// it.
    std::string_view expose() const noexcept { return {data_, size_}; }
    /// Is there no text? An empty secret is as good as none.
    bool empty() const noexcept { return size_ == 0; }
    /// The length in bytes.
    std::size_t size() const noexcept { return size_; }

    /// Takes the same time wherever two texts of one length differ, so that nobody can guess one piece
    /// by piece. Their length is not kept secret.
    friend bool operator==(const Secret& a, const Secret& b) noexcept;

    /// Overwrites `size` bytes of memory with zeros, in a way that a compiler does not remove.
    static void wipe(char* data, std::size_t size) noexcept;
    /// Overwrites the whole buffer of `text`, and empties it. For strings that held a secret on its
    /// way here; what they left behind when they grew earlier is not found.
    static void wipe(std::string& text) noexcept;

private:
    char* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/impl/secret.hpp>
#endif

#endif  // CLARIFY_CORE_SECRET_HPP
