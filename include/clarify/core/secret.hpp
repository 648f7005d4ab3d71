// SPDX-License-Identifier: BSL-1.0
// Text that must not leak: passwords, client secrets, tokens, authorization headers.

#ifndef CLARIFY_CORE_SECRET_HPP
#define CLARIFY_CORE_SECRET_HPP

#include <clarify/core/detail/secret_memory.hpp>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace clarify {

/** Owns a secret text.

    It has no conversion to text, no stream operator and no formatter: the only way to its content
    is `expose()`, which is easy to search for. Comparison takes the same time wherever the texts
    differ. The memory is overwritten when the object is destroyed or assigned to; on Linux it is a
    page of its own, which core dumps leave out. It may still be swapped out.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class Secret {
public:
    Secret() = default;
    /// Copies `text`. The caller's own copy is the caller's to wipe.
    explicit Secret(std::string_view text);
    /// Takes `text` and wipes the string it came in.
    explicit Secret(std::string&& text);
    explicit Secret(const char* text) : Secret(std::string_view{text}) {}

    Secret(const Secret& other) : Secret(other.expose()) {}
    Secret(Secret&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    Secret& operator=(Secret other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~Secret() {
        if (data_ == nullptr) return;
        wipe(data_, size_);
        detail::give_back_secret_memory(data_, size_);
    }

    /// The text itself, valid while the object lives and is not assigned to. Do not log it.
    std::string_view expose() const noexcept { return {data_, size_}; }
    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }

    friend bool operator==(const Secret& a, const Secret& b) noexcept;

    /// Overwrites memory in a way that a compiler does not remove.
    static void wipe(char* data, std::size_t size) noexcept;
    /// Overwrites the whole buffer of `text`, and empties it.
    static void wipe(std::string& text) noexcept;

private:
    char* data_ = nullptr;
    std::size_t size_ = 0;
};

inline Secret::Secret(std::string_view text)
    : data_(text.empty() ? nullptr : detail::take_secret_memory(text.size())), size_(text.size()) {
    if (size_ != 0) std::memcpy(data_, text.data(), size_);
}

inline Secret::Secret(std::string&& text) : Secret(std::string_view{text}) { wipe(text); }

inline bool operator==(const Secret& a, const Secret& b) noexcept {
    if (a.size_ != b.size_) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i != a.size_; ++i) {
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a.data_[i])) ^
            static_cast<unsigned>(static_cast<unsigned char>(b.data_[i]));
    }
    return difference == 0;
}

inline void Secret::wipe(char* data, std::size_t size) noexcept {
    volatile char* at = data;
    for (std::size_t i = 0; i != size; ++i)
        at[i] = 0;
}

inline void Secret::wipe(std::string& text) noexcept {
    text.resize(text.capacity());
    wipe(text.data(), text.size());
    text.clear();
}

}  // namespace clarify

#endif  // CLARIFY_CORE_SECRET_HPP
