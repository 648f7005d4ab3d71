// expect-error: could not convert
// expect-error: no viable conversion
// expect-error: conversion from
// SPDX-License-Identifier: BSL-1.0
// A text becomes a secret only where somebody says so.

#include <clarify/core/secret.hpp>

#include <string>

clarify::Secret secret_of(const std::string& text) { return text; }
