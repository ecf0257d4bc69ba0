//go:build !goolm || !fts5

package build_with_make_or_go_build_tags_goolm_fts5
