// SPDX-License-Identifier: BSL-1.0
// The ranges of the options.

#ifndef CLARIFY_INGEST_IMPL_WRITER_OPTIONS_HPP
#define CLARIFY_INGEST_IMPL_WRITER_OPTIONS_HPP

#include <clarify/ingest/writer_options.hpp>

#include <stdexcept>
#include <string>

namespace clarify {

inline void SampleWriterOptions::check() const {
    const auto require = [](bool holds, const char* what) {
        if (!holds) throw std::invalid_argument{std::string{"SampleWriterOptions: "} + what};
    };
    require(max_delay.count() >= 0, "max_delay is negative");
    require(spool_delay.count() >= 0, "spool_delay is negative");
    require(max_unspooled != 0, "max_unspooled is 0");
    require(
        on_full == OnFull::refuse || on_full == OnFull::drop_oldest,
        "on_full is none of the enumerators");
}

}  // namespace clarify

#endif  // CLARIFY_INGEST_IMPL_WRITER_OPTIONS_HPP
