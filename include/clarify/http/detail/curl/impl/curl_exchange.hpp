// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_EXCHANGE_HPP
#define CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_EXCHANGE_HPP

#include <clarify/core/detail/text.hpp>

#include <algorithm>
#include <cstddef>

namespace clarify::detail {

inline TimePoint CurlExchange::limit(const HttpOptions& options) const noexcept {
    if (progress.phase == Phase::proxy) {
        return std::min(request.deadline, phase_began + options.proxy_timeout);
    }
    if (progress.phase == Phase::tls) {
        return std::min(request.deadline, phase_began + options.tls_timeout);
    }
    if (progress.phase == Phase::resolve || progress.phase == Phase::connect) {
        return std::min(request.deadline, phase_began + options.connect_timeout);
    }
    return request.deadline;
}

inline void CurlLines::assign(
    std::span<const HeaderView> headers, std::initializer_list<std::string_view> unwanted) {
    const auto is_given = [&](std::string_view name) {
        return std::any_of(headers.begin(), headers.end(), [&](const HeaderView& header) {
            return iequals(header.name, name);
        });
    };
    wipe();
    // In one piece, so that growing leaves no copy of the authorization behind.
    std::size_t size = 0;
    for (const HeaderView& header : headers)
        size += header.name.size() + header.value.size() + 3;
    for (const std::string_view name : unwanted)
        size += name.size() + 2;
    text_.reserve(size);
    nodes_.reserve(headers.size() + unwanted.size());
    for (const HeaderView& header : headers) {
        add(header.name, header.value.empty() ? ";" : ": ", header.value);
    }
    // A line without a value forbids the field.
    for (const std::string_view name : unwanted) {
        if (!is_given(name)) add(name, ":", {});
    }
    for (std::size_t i = 0; i + 1 < nodes_.size(); ++i)
        nodes_[i].next = &nodes_[i + 1];
}

inline void CurlLines::add(
    std::string_view name, std::string_view separator, std::string_view value) {
    char* const begin = text_.data() + text_.size();
    text_ += name;
    text_ += separator;
    text_ += value;
    text_ += '\0';
    nodes_.push_back({begin, nullptr});
}

inline void CurlLines::wipe() noexcept {
    volatile char* const at = text_.data();
    for (std::size_t i = 0; i != text_.size(); ++i)
        at[i] = 0;
    text_.clear();
    nodes_.clear();
}

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CURL_IMPL_CURL_EXCHANGE_HPP
