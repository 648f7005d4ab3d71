// SPDX-License-Identifier: BSL-1.0
// Brings the suite for JSON codecs and all its cases together.

#ifndef CLARIFY_TESTING_DETAIL_KITS_IMPL_CHECK_JSON_CODEC_HPP
#define CLARIFY_TESTING_DETAIL_KITS_IMPL_CHECK_JSON_CODEC_HPP

#include <clarify/testing/check_json_codec.hpp>
#include <clarify/testing/detail/kits/codec_contract_cases.hpp>
#include <clarify/testing/detail/kits/codec_document_cases.hpp>
#include <clarify/testing/detail/kits/codec_suite.hpp>
#include <clarify/testing/detail/kits/codec_type_cases.hpp>

namespace clarify::testing {

template <CodecScope scope, JsonCodec Codec>
ConformanceReport check_json_codec(const Codec& codec) {
    ConformanceReport report;
    detail::CodecSuite<Codec, scope == CodecScope::everything>{codec, report}.run();
    return report;
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_KITS_IMPL_CHECK_JSON_CODEC_HPP
