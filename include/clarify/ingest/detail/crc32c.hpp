// SPDX-License-Identifier: BSL-1.0
// The checksum of what is kept on disk: CRC-32C, of RFC 3720, in portable code.

#ifndef CLARIFY_INGEST_DETAIL_CRC32C_HPP
#define CLARIFY_INGEST_DETAIL_CRC32C_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace clarify::detail {

using Crc32cTables = std::array<std::array<std::uint32_t, 256>, 8>;

/// What each byte does to the checksum, as the last of eight, as the last but one, and so on.
inline constexpr Crc32cTables crc32c_tables = [] {
    constexpr std::uint32_t polynomial = 0x82F63B78U;
    Crc32cTables tables{};
    for (std::uint32_t byte = 0; byte != 256; ++byte) {
        std::uint32_t value = byte;
        for (int bit = 0; bit != 8; ++bit)
            value = (value >> 1U) ^ ((value & 1U) != 0 ? polynomial : 0U);
        tables[0][byte] = value;
    }
    for (std::size_t i = 1; i != tables.size(); ++i) {
        for (std::size_t byte = 0; byte != 256; ++byte) {
            const std::uint32_t before = tables[i - 1][byte];
            tables[i][byte] = (before >> 8U) ^ tables[0][before & 0xFFU];
        }
    }
    return tables;
}();

/// The checksum of `data`. Finds every change of a single byte, and of up to four neighbours.
inline std::uint32_t crc32c(std::string_view data) noexcept {
    const auto& tables = crc32c_tables;
    const auto byte_at = [&data](std::size_t at) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(data[at]));
    };
    std::uint32_t crc = 0xFFFFFFFFU;
    std::size_t at = 0;
    for (; data.size() - at >= 8; at += 8) {
        const std::uint32_t first = crc ^
            (byte_at(at) | byte_at(at + 1) << 8U | byte_at(at + 2) << 16U | byte_at(at + 3) << 24U);
        crc = tables[7][first & 0xFFU] ^ tables[6][(first >> 8U) & 0xFFU] ^
            tables[5][(first >> 16U) & 0xFFU] ^ tables[4][first >> 24U] ^
            tables[3][byte_at(at + 4)] ^ tables[2][byte_at(at + 5)] ^ tables[1][byte_at(at + 6)] ^
            tables[0][byte_at(at + 7)];
    }
    for (; at != data.size(); ++at)
        crc = (crc >> 8U) ^ tables[0][(crc ^ byte_at(at)) & 0xFFU];
    return ~crc;
}

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_CRC32C_HPP
