// SPDX-License-Identifier: BSL-1.0
// The parameters of each Clarify method, checked and written as text.

#ifndef CLARIFY_API_DETAIL_PARAMS_HPP
#define CLARIFY_API_DETAIL_PARAMS_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/api/detail/sample_parts.hpp>
#include <clarify/api/evaluate.hpp>
#include <clarify/api/query.hpp>
#include <clarify/api/resource.hpp>
#include <clarify/core/result.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace clarify::detail {

// They refer to what they are made of, and are written before the function that makes them returns.

struct InsertParams {
    static constexpr bool writes_valid_json = true;
    std::string_view integration;
    const DataFrame& data;
};

struct InsertPartParams {
    static constexpr bool writes_valid_json = true;
    std::string_view integration;
    const SamplePart& part;
};

template <class Save>
struct SaveParams {
    static constexpr bool writes_valid_json = true;
    std::string_view integration;
    /// `signalsByInput` or `itemsBySignal`.
    std::string_view member;
    const std::map<std::string, Save, std::less<>>& saves;
    bool create_only = false;
};

struct SelectParams {
    static constexpr bool writes_valid_json = true;
    /// A null view: the method knows none. An empty text: there should be one, and is not.
    std::string_view integration;
    const ResourceQuery& query;
    bool include_items = false;
};

struct ConnectParams {
    static constexpr bool writes_valid_json = true;
    std::string_view integration;
    const ResourceQuery& query;
    /// What to connect with; unused unless `connects`.
    std::string_view item;
    bool include_items = false;
    bool dry_run = false;
    /// Connect the signals with the item, or disconnect them from theirs.
    bool connects = false;
};

struct DataFrameParams {
    static constexpr bool writes_valid_json = true;
    const ResourceQuery& query;
    const DataQuery& data;
    bool include_items = false;
};

struct EvaluateParams {
    static constexpr bool writes_valid_json = true;
    const EvaluateQuery& query;
    /// The version that the call is sent with: it decides how things are spelled.
    std::string_view api_version;
    bool include_items = false;
};

/// What is wrong with samples that are to be inserted, in however many parts.
Result<void> check_insert(std::string_view integration, const SampleTable& samples);

Result<void> append_json_text(std::string& out, const InsertParams& params);
/// Of what was checked.
Result<void> append_json_text(std::string& out, const InsertPartParams& params);
Result<void> append_json_text(std::string& out, const SaveParams<SignalSave>& params);
Result<void> append_json_text(std::string& out, const SaveParams<ItemSave>& params);
Result<void> append_json_text(std::string& out, const SelectParams& params);
Result<void> append_json_text(std::string& out, const ConnectParams& params);
Result<void> append_json_text(std::string& out, const DataFrameParams& params);
Result<void> append_json_text(std::string& out, const EvaluateParams& params);

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/detail/impl/params.hpp>
#endif

#endif  // CLARIFY_API_DETAIL_PARAMS_HPP
