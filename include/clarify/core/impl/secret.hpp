// SPDX-License-Identifier: BSL-1.0
// Keeps, compares and overwrites secret text.

#ifndef CLARIFY_CORE_IMPL_SECRET_HPP
#define CLARIFY_CORE_IMPL_SECRET_HPP

#include <clarify/core/detail/secret_memory.hpp>
#include <clarify/core/secret.hpp>

#include <cstring>
#include <utility>

namespace clarify {

CLARIFY_DECL Secret::Secret(std::string_view text)
    : data_(text.empty() ? nullptr : detail::take_secret_memory(text.size())), size_(text.size()) {
    if (size_ != 0) std::memcpy(data_, text.data(), size_);
}

CLARIFY_DECL Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

CLARIFY_DECL Secret& Secret::operator=(Secret other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

CLARIFY_DECL Secret::~Secret() {
    if (data_ == nullptr) return;
    wipe(data_, size_);
    detail::give_back_secret_memory(data_, size_);
}

CLARIFY_DECL Secret::Secret(std::string&& text) : Secret(std::string_view{text}) { wipe(text); }

CLARIFY_DECL bool operator==(const Secret& a, const Secret& b) noexcept {
    if (a.size_ != b.size_) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i != a.size_; ++i) {
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a.data_[i])) ^
            static_cast<unsigned>(static_cast<unsigned char>(b.data_[i]));
    }
    return difference == 0;
}

CLARIFY_DECL void Secret::wipe(char* data, std::size_t size) noexcept {
    volatile char* at = data;
    for (std::size_t i = 0; i != size; ++i)
        at[i] = 0;
}

CLARIFY_DECL void Secret::wipe(std::string& text) noexcept {
    text.resize(text.capacity());
    wipe(text.data(), text.size());
    text.clear();
}

}  // namespace clarify

#endif  // CLARIFY_CORE_IMPL_SECRET_HPP
